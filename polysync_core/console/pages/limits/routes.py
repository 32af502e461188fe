"""Serves the HTML page that lists limits with their running and waiting runs."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.limits import CurrentLimitUsage
from polysync_core.application.dispatch.limit_usage import LimitUsage, Usage
from polysync_core.application.ports import Engine
from polysync_core.console.editing.frame import list_notices
from polysync_core.console.live.fragments import Part, live_attributes, part_answer, part_stream
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.limits.usage import is_in_use, usage_cards, usage_state
from polysync_core.console.parts.live import live_button
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import older_link
from polysync_core.console.paths import new_path, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page
from polysync_core.domain.runs.stored import Page
from polysync_core.domain.security.roles import Role

PAGE_SIZE = 50

After = Annotated[str | None, Query(max_length=8_192)]

router = PageRouter()
_shared = SharedReads[Page[Usage]]()


@router.get("/limits")
def limits_page(
    request: Request, usage: CurrentLimitUsage, engine: CurrentEngine, after: After = None
) -> Response:
    """Show who holds a slot of each limit, and who is next."""
    found = _read(usage, engine, after)
    if not found.items:
        notices = list_notices(request, "limits")
        return page(request, "Limits", _nothing(request), section="limits", notices=notices)
    stream = page_path("live", "limits", after=after)
    look = page_path("part", "limits", after=after)
    return page(
        request,
        "Limits",
        h.div("#limits.limits", live_attributes(stream, look))[_cards(found, usage)],
        older_link(_next(found), label="More limits"),
        section="limits",
        beside=h.span(".nothing")["who holds a slot, and who is next"],
        actions=[
            live_button(),
            h.a(".button", href=page_path("holds"))["Holds"],
            _new_button(request),
        ],
        notices=list_notices(request, "limits"),
    )


@router.get("/part/limits")
def limits_part(
    request: Request, usage: CurrentLimitUsage, engine: CurrentEngine, after: After = None
) -> Response:
    """Return the cards of the limits."""
    return part_answer(request, _part(_read(usage, engine, after), usage))


@router.get("/live/limits")
async def limits_stream(
    request: Request, usage: CurrentLimitUsage, engine: CurrentEngine, after: After = None
) -> StreamingResponse:
    """Stream the cards of the limits while a run holds or awaits one."""

    def read() -> Part:
        found = _shared.get((usage, after), lambda: _read(usage, engine, after))
        return _part(found, usage)

    return part_stream(request, read)


def _read(usage: LimitUsage, engine: Engine, after: str | None) -> Page[Usage]:
    return usage.page(engine, limit=PAGE_SIZE, token=after)


def _part(found: Page[Usage], usage: LimitUsage) -> Part:
    return Part(
        content=lambda: _cards(found, usage),
        state=usage_state(found.items),
        is_active=is_in_use(found.items),
    )


def _cards(found: Page[Usage], usage: LimitUsage) -> Node:
    now = usage.clock()
    return [list(usage_cards(each, now)) for each in found.items]


def _next(found: Page[Usage]) -> str | None:
    token = found.continuation_token
    return None if token is None else page_path("limits", after=token)


def _new_button(request: Request) -> Node:
    if not has_role(request, Role.ADMINISTRATOR):
        return None
    return h.a(".button", href=new_path("limits"))["New limit"]


def _nothing(request: Request) -> Element:
    return empty_state(
        "There is no limit yet: every run starts at once.",
        _new_button(request),
        command="polysync apply definitions.yaml",
    )
