"""Draws the states of a Task's schedules, with buttons that pause and resume them."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.application.schedules.service import ScheduleStatus
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.icons import icon
from polysync_core.console.pages.tasks.editor.draft_context import now, schedule_service
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_text, relative_time
from polysync_core.console.paths import task_path
from polysync_core.console.shell import has_role
from polysync_core.domain.security.roles import Role

_COLUMNS = ("Schedule", "State", "Next fire", "Last fire", "")


def schedule_states(state: EditorPage) -> Node:
    """Return the card of the saved schedules; None without schedules."""
    if state.name is None:
        return None
    statuses = schedule_service(state).statuses(state.name)
    if not statuses:
        return None
    return card(
        "State of the schedules",
        table(
            "State of the schedules", _COLUMNS, [_row(state, state.name, each) for each in statuses]
        ),
        _all(state, state.name, statuses),
        note="as saved",
    )


def _row(state: EditorPage, name: str, each: ScheduleStatus) -> Element:
    return h.tr[
        h.th(scope="row")[each.schedule.name],
        h.td[_state(each)],
        h.td[relative_time(each.next_fire_time, now=now(state))],
        h.td[relative_time(each.last_fire_time, now=now(state))],
        h.td[_resume(name, each) if _may_operate(state) and each.paused else None],
    ]


def _state(each: ScheduleStatus) -> Node:
    if each.paused is not None:
        return [
            h.span(".badge.warning")["Paused"],
            f" by {each.paused.by} at {absolute_text(each.paused.at)}: {each.paused.reason}",
        ]
    if not each.task_enabled:
        return h.span(".badge")["The task is disabled"]
    if not each.schedule.enabled:
        return h.span(".badge")["Disabled"]
    return h.span(".badge.success")["Fires"]


def _resume(name: str, each: ScheduleStatus) -> Element:
    return h.form(".inline", method="post", action=task_path(name, "resume"))[
        h.input(type="hidden", name="schedule", value=each.schedule.name),
        h.button(".small", type="submit")["Resume", h.span(".hidden")[f" {each.schedule.name}"]],
    ]


def _all(state: EditorPage, name: str, statuses: Sequence[ScheduleStatus]) -> Node:
    if not _may_operate(state):
        return None
    return h.form(".in.filters", method="post", action=task_path(name, "pause"))[
        h.div(".field")[
            h.label(for_="pause-schedule")["Pause"],
            h.select(id="pause-schedule", name="schedule")[
                h.option(value="")["all schedules"],
                [h.option(value=each.schedule.name)[each.schedule.name] for each in statuses],
            ],
        ],
        h.div(".field")[
            h.label(for_="pause-reason")["because"],
            h.input(id="pause-reason", name="reason", required=True, maxlength="1000"),
        ],
        h.button(type="submit")[icon("pause"), "Pause"],
        h.button(type="submit", formaction=task_path(name, "resume"), formnovalidate=True)[
            "Resume"
        ],
    ]


def _may_operate(state: EditorPage) -> bool:
    return has_role(state.request, Role.OPERATOR)
