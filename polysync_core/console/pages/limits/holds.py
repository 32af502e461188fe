"""Serves the HTML page that lists, creates and releases holds on run starts."""

from __future__ import annotations

from datetime import UTC, datetime

import htpy as h
from fastapi import Request, Response
from htpy import Element

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.operations.holds import CurrentHolds
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.console.form_data import CurrentForm, FormData
from polysync_core.console.icons import icon
from polysync_core.console.parts.holds import (
    HOLD_NOTICES,
    MAX_REASON,
    release_form,
    scope_link,
    scope_of,
)
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page, redirect
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.roles import Role

router = PageRouter()

_KINDS = {"task": Kind.TASK, "platform": Kind.PLATFORM, "all": None}
_SECTIONS = {"task": "tasks", "platform": "platforms"}


@router.get("/holds")
def holds_page(request: Request, holds: CurrentHolds) -> Response:
    """Show the active holds, and the form that makes one."""
    active = holds.active()
    now = datetime.now(UTC)
    may_act = has_role(request, Role.OPERATOR)
    rows = [_row(each, now, may_act=may_act) for each in active]
    return page(
        request,
        "Holds",
        h.div(".stack")[
            table("Active holds", ["Scope", "Reason", "By", "Since", "Action"], rows)
            if rows
            else empty_state("Nothing is held."),
            may_act and _form(),
        ],
        section="limits",
        notices=HOLD_NOTICES,
    )


@router.post("/holds")
def change_hold(
    form: CurrentForm, holds: CurrentHolds, engine: CurrentEngine, caller: CurrentCaller
) -> Response:
    """Hold or release a Task, a platform or everything."""
    scope, name = form.get("scope", ""), form.get("name", "").strip()
    if scope not in _KINDS:
        raise Invalid.at("scope", f"must be one of {', '.join(_KINDS)}")
    if form.get("do") == "release":
        holds.release(_KINDS[scope], name, by=caller.name, engine=engine)
        return redirect(_next(form, "released"))
    reason = form.get("reason", "").strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise Invalid.at("reason", f"must have 1 to {MAX_REASON} characters")
    holds.hold(_KINDS[scope], name, reason=reason, by=caller.name, engine=engine)
    return redirect(_next(form, "held"))


def _next(form: FormData, done: str) -> str:
    """Return the page that shows the result: that of the definition, or the list."""
    section = _SECTIONS.get(form.get("scope", ""))
    if section is None or not form.get("back"):
        return page_path("holds", notice=done)
    return page_path(section, form.get("name", "").strip(), notice=done)


def _row(hold: Hold, now: datetime, *, may_act: bool) -> Element:
    scope = scope_of(hold)
    return h.tr[
        h.th(scope="row")[scope_link(scope)],
        h.td(".break")[hold.reason],
        h.td[hold.by],
        h.td[relative_time(hold.at, now=now)],
        h.td[may_act and release_form(scope, leads_back=False)],
    ]


def _form() -> Element:
    return h.form(".card", method="post", action=page_path("holds"))[
        h.header[h.h2["Hold starts"]],
        h.div(".in.form")[
            h.div(".field")[
                h.label(for_="f-scope")["Scope"],
                h.select(id="f-scope", name="scope")[
                    h.option(value="task")["One task"],
                    h.option(value="platform")["One platform"],
                    h.option(value="all")["Everything"],
                ],
            ],
            _text("name", "Name of the task or platform"),
            _text("reason", "Reason"),
            h.div(".actions")[h.button(".danger", type="submit")[icon("stop"), "Hold"]],
        ],
    ]


def _text(name: str, label: str) -> Element:
    return h.div(".field")[
        h.label(for_=f"f-{name}")[label], h.input(id=f"f-{name}", name=name, autocomplete="off")
    ]
