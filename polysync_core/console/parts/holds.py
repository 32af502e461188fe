"""Draws notices of active holds on run starts, and forms to hold and release."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import htpy as h
from htpy import Element, Node

from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.times import relative_time
from polysync_core.console.paths import page_path, platform_path, task_path
from polysync_core.domain.dispatch.holds import Hold

MAX_REASON = 500
HOLD_NOTICES = {
    "held": "Nothing in this scope starts until the release. Queued runs and retries wait.",
    "released": "The hold is released. Its runs start as their limits allow.",
}
"""The notices of a page that a form of this module leads back to."""

type Scope = tuple[str, str]
"""The word `task`, `platform` or `all`, and the name, which is empty for `all`."""


def scope_of(hold: Hold) -> Scope:
    """Return the scope of a hold."""
    if hold.task is not None:
        return "task", hold.task
    return ("all", "") if hold.platform is None else ("platform", hold.platform)


def scope_link(scope: Scope) -> Node:
    """Return the words for a scope, with a link to its page."""
    kind, name = scope
    if kind == "all":
        return "everything"
    address = task_path(name) if kind == "task" else platform_path(name)
    return [kind, " ", h.a(href=address)[name]]


def hold_notices(
    holds: Iterable[Hold], *, now: datetime, may_act: bool, own: Scope | None = None
) -> Node:
    """Return the notices of holds; that of the own scope of a page has a button."""
    return [_notice(hold, now, with_button=may_act and scope_of(hold) == own) for hold in holds]


def hold_card(scope: Scope) -> Element:
    """Return the card that holds the Task or platform of a page."""
    kind, name = scope
    return card(
        "Hold",
        h.form("#hold.in.filters", method="post", action=page_path("holds"))[
            _hidden(scope),
            h.div(".field")[
                h.label(for_="hold-reason")["Hold because"],
                h.input(id="hold-reason", name="reason", required=True, maxlength=str(MAX_REASON)),
            ],
            h.button(".danger", type="submit")[icon("stop"), f"Hold this {kind}"],
        ],
        h.p(".in.help")[
            f"No run of {name} starts until the release. Queued runs and retries wait. "
            "Attempts that run go on."
        ],
    )


def hold_link() -> Element:
    """Return the link from the top of a page to its card."""
    return h.a(".button.quiet", href="#hold")[icon("stop"), "Hold"]


def release_form(scope: Scope, *, leads_back: bool) -> Element:
    """Return the form that releases a hold; it may lead back to the page of the scope."""
    hidden = _hidden(scope) if leads_back else _names(scope)
    return h.form(".inline", method="post", action=page_path("holds"))[
        h.input(type="hidden", name="do", value="release"),
        hidden,
        h.button(type="submit")[icon("run"), "Release", h.span(".hidden")[f" {scope[1]}"]],
    ]


def _notice(hold: Hold, now: datetime, *, with_button: bool) -> Element:
    scope = scope_of(hold)
    return notice(
        "warning",
        h.p[
            h.b["Held"],
            ": nothing of ",
            scope_link(scope),
            f" starts. {hold.by} holds it since ",
            relative_time(hold.at, now=now),
            f": {hold.reason}",
        ],
        release_form(scope, leads_back=True)
        if with_button
        else h.p[h.a(href=page_path("holds"))["All holds"]],
    )


def _hidden(scope: Scope) -> Node:
    return [_names(scope), h.input(type="hidden", name="back", value="true")]


def _names(scope: Scope) -> Node:
    return [
        h.input(type="hidden", name="scope", value=scope[0]),
        h.input(type="hidden", name="name", value=scope[1]),
    ]
