"""Serves the HTML page of the events that a Task has received, with outcomes."""

from __future__ import annotations

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.arrivals.routes import CurrentArrivals
from polysync_core.application.arrivals.overview import (
    ArrivalsOverview,
    ArrivalStatus,
    TaskEvent,
)
from polysync_core.console.editing.frame import tab_bar
from polysync_core.console.pages.tasks.editor.definition import TASKS
from polysync_core.console.parts.cards import card, commands
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import absolute_time, nothing
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.arrivals.outcomes import ArrivalOutcome, EventOutcome

router = PageRouter()

_ARRIVAL_COLUMNS = ("Arrival", "Collected", "Last event", "Start")
_EVENT_COLUMNS = ("Received", "Event", "Arrival", "Outcome")
_WORDS = {
    ArrivalOutcome.STARTED: "Started a run",
    ArrivalOutcome.COLLECTED: "Collected",
    ArrivalOutcome.REPEATED: "Repeated",
    ArrivalOutcome.IGNORED: "Ignored",
    ArrivalOutcome.FILTERED_OUT: "Filtered out",
}


@router.get("/tasks/{name}/events")
def events_page(request: Request, name: str, arrivals: CurrentArrivals) -> Response:
    """Show the events that a Task collects, and the newest events from its sources."""
    overview = arrivals.overview(name)
    return page(
        request,
        f"Events of {name}",
        tab_bar(TASKS, name, "Events"),
        h.div(".stack")[_content(name, overview) if overview.statuses else _without(name)],
        section="tasks",
        crumbs=[("Tasks", page_path("tasks")), (name, task_path(name))],
    )


def _without(name: str) -> Element:
    return empty_state(
        "The task has no arrivals, so no event starts it.",
        h.a(".button", href=task_path(name, tab="arrivals"))["Add an arrival"],
    )


def _content(name: str, overview: ArrivalsOverview) -> Node:
    return [
        card(
            "Collected events",
            table(
                "Arrivals with the events that they collect",
                _ARRIVAL_COLUMNS,
                [_status(each) for each in overview.statuses],
            ),
        ),
        card(
            "Received events",
            table(
                "The newest events from the sources of the task",
                _EVENT_COLUMNS,
                [_event(each) for each in overview.events],
            )
            if overview.events
            else h.p(".in")["None of the last events came from the sources of this task."],
        ),
        commands(f"polysync arrivals {name}"),
    ]


def _status(status: ArrivalStatus) -> Element:
    collecting = status.collecting
    enabled = None if status.arrival.enabled else h.span(".badge")["Disabled"]
    return h.tr[
        h.th(scope="row")[status.arrival.name, " ", enabled],
        h.td[str(collecting.count) if collecting else "0"],
        h.td[absolute_time(collecting.last_at) if collecting else nothing()],
        h.td[collecting.sentence if collecting else nothing()],
    ]


def _event(each: TaskEvent) -> Element:
    event = each.received.event
    return h.tr[
        h.td[absolute_time(each.received.received_at)],
        h.th(scope="row")[h.span(".mono.break")[event.title], h.small[event.type]],
        h.td[each.outcome.arrival],
        h.td[_outcome(each.outcome)],
    ]


def _outcome(outcome: EventOutcome) -> Node:
    words = _WORDS[outcome.outcome]
    if outcome.run_id is not None:
        return h.a(href=run_path(outcome.run_id))[words]
    return [words, h.small[outcome.reason]]
