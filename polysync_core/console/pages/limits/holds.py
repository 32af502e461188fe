"""Serves the page that holds and releases starts."""

from __future__ import annotations

from datetime import UTC, datetime

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.operations.holds import CurrentHolds
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.icons import icon
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
_NOTICES = {
    "held": "Nothing in this scope starts until the release. Queued runs and retries wait.",
    "released": "The hold is released. Its runs start as their limits allow.",
}
_MAX_REASON = 500


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
        notices=_NOTICES,
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
        return redirect(page_path("holds", notice="released"))
    reason = form.get("reason", "").strip()
    if not 0 < len(reason) <= _MAX_REASON:
        raise Invalid.at("reason", f"must have 1 to {_MAX_REASON} characters")
    holds.hold(_KINDS[scope], name, reason=reason, by=caller.name, engine=engine)
    return redirect(page_path("holds", notice="held"))


def _row(hold: Hold, now: datetime, *, may_act: bool) -> Element:
    scope, name = _scope(hold)
    return h.tr[
        h.th(scope="row")[f"{scope} {name}" if name else "everything"],
        h.td(".break")[hold.reason],
        h.td[hold.by],
        h.td[relative_time(hold.at, now=now)],
        h.td[may_act and _release(scope, name)],
    ]


def _scope(hold: Hold) -> tuple[str, str]:
    if hold.task is not None:
        return "task", hold.task
    return ("all", "") if hold.platform is None else ("platform", hold.platform)


def _release(scope: str, name: str) -> Node:
    return h.form(".inline", method="post", action=page_path("holds"))[
        h.input(type="hidden", name="do", value="release"),
        h.input(type="hidden", name="scope", value=scope),
        h.input(type="hidden", name="name", value=name),
        h.button(type="submit")[icon("run"), "Release"],
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
