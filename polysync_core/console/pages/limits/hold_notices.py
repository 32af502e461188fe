"""Draws active holds on the pages of Tasks, platforms and runs, with a hold form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import Request
from htpy import Node

from polysync_core.application.dispatch.holds import Holds
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.parts.holds import Scope, hold_card, hold_link, hold_notices, scope_of
from polysync_core.console.shell import has_role
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.security.roles import Role

_WORDS = {Kind.TASK: "task", Kind.PLATFORM: "platform"}


def holds_above(state: EditorPage) -> Node:
    """Return the notices of the holds on a stored definition."""
    if state.name is None:
        return None
    own = _scope(state, state.name)
    return hold_notices(_holds(state), now=datetime.now(UTC), may_act=_may_act(state), own=own)


def holding_card(state: EditorPage) -> Node:
    """Return the card that holds a stored definition; None if it is held or must not be."""
    return hold_card(_scope(state, state.name or "")) if _can_hold(state) else None


def holding_link(state: EditorPage) -> Node:
    """Return the link to the card; None without it."""
    return hold_link() if _can_hold(state) else None


def holds_on_run(request: Request, task: str, platform: str | None) -> Node:
    """Return the notices of the holds on a run of a Task."""
    holds = _use_case(request).on(task, platform)
    return hold_notices(holds, now=datetime.now(UTC), may_act=False)


def _can_hold(state: EditorPage) -> bool:
    if state.name is None or not _may_act(state):
        return False
    own = _scope(state, state.name)
    return all(scope_of(hold) != own for hold in _holds(state))


def _holds(state: EditorPage) -> Sequence[Hold]:
    """Return the holds on the definition of a page; a request reads them once."""
    shared = state.request.state
    if not hasattr(shared, "holds"):
        shared.holds = _read(state, state.name or "")
    return shared.holds


def _read(state: EditorPage, name: str) -> Sequence[Hold]:
    if state.editor.kind is Kind.PLATFORM:
        return _use_case(state.request).on(None, name)
    job = state.services.job(str(state.document.get("job", "")))
    return _use_case(state.request).on(name, None if job is None else job.platform)


def _scope(state: EditorPage, name: str) -> Scope:
    return _WORDS[state.editor.kind], name


def _use_case(request: Request) -> Holds:
    return request.app.state.use_cases[Holds]


def _may_act(state: EditorPage) -> bool:
    return has_role(state.request, Role.OPERATOR)
