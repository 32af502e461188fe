"""Serves the API route that shows a Task's next deadlines and recent deadline results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.deadlines.status import DeadlineStatus, TaskDeadlines
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.deadlines.state import DeadlineResult


class NextDeadlineView(View):
    """A deadline in the future."""

    kind: DeadlineKind
    """Late: the runs shall succeed by then. Missing: a run shall start by then."""
    at: Time
    """The deadline."""


class DeadlineResultView(View):
    """The result of a deadline that has passed."""

    kind: DeadlineKind
    """Late: the runs had to succeed by then. Missing: a run had to start by then."""
    at: Time
    """The deadline."""
    is_met: bool
    """False if the deadline was missed."""
    cause: MissCause | None
    """The state of the run when the deadline was missed."""
    run_id: RunIdText | None
    """The run of the first fire time that missed the deadline."""
    reason: str | None
    """The miss, as a sentence."""
    recovered_at: Time | None
    """The time of the check that found a later success or start."""


class TaskDeadlinesView(View):
    """The deadlines of a Task."""

    upcoming: list[NextDeadlineView]
    """The next deadline of each kind; calendars are not considered."""
    open: int
    """The number of missed deadlines whose runs have not recovered."""
    results: list[DeadlineResultView]
    """The newest results, newest first."""


CurrentTaskDeadlines = Annotated[TaskDeadlines, Depends(use_case(TaskDeadlines))]


def deadline_routes() -> APIRouter:
    """Return the route of a Task's deadlines."""
    routes = APIRouter(tags=["Schedules"])

    @routes.get("/tasks/{name}/deadlines")
    def list_deadlines(name: str, deadlines: CurrentTaskDeadlines) -> TaskDeadlinesView:
        """Show the next deadlines of a Task and the last results."""
        return _view(deadlines.of(name))

    return routes


def _view(status: DeadlineStatus) -> TaskDeadlinesView:
    return TaskDeadlinesView(
        upcoming=[NextDeadlineView(kind=each.kind, at=each.at) for each in status.upcoming],
        open=len(status.open),
        results=[_result(each) for each in status.results],
    )


def _result(result: DeadlineResult) -> DeadlineResultView:
    miss = result.miss
    return DeadlineResultView(
        kind=result.kind,
        at=result.at,
        is_met=miss is None,
        cause=None if miss is None else miss.cause,
        run_id=None if miss is None else miss.run_id,
        reason=None if miss is None else miss.reason,
        recovered_at=result.recovered_at,
    )
