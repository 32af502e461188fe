"""Serves the API route that lists skipped runs, missed fire times and other missed work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.operations.poison_messages import PoisonMessageView, poison_message_view
from polysync_core.api.schedules.routes import PauseView
from polysync_core.api.use_cases import use_case
from polysync_core.application.missed.list_limits import Bounded
from polysync_core.application.missed.missed_work import MissedWork, MissedWorkList
from polysync_core.application.missed.skipped import SkippedGroup
from polysync_core.application.missed.stopped_schedules import IdleCause
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.runs.status import RunStatus


class MissedList[T](View):
    """The newest items of one kind."""

    items: list[T]
    """The items, newest first."""
    is_complete: bool
    """False if older items may exist within the period."""


class RootRunView(View):
    """The first run of a chain of skipped runs."""

    task: str
    """The Task of the run."""
    run_id: RunIdText
    """The id of the run."""
    status: RunStatus
    """The status of the run."""
    error: str
    """The error of the run, or the reason of its status."""


class SkippedRunView(View):
    """A run that was skipped."""

    run_id: RunIdText
    """The id of the run."""
    task: str | None
    """The Task of the run."""
    kind: SkipKind | None
    """The rule that skipped the run."""
    schedule: str | None
    """The schedule whose fire time was skipped."""
    scheduled_time: Time | None
    """The fire time, or the last of several fire times."""
    at: Time
    """The time at which the run was skipped."""
    reason: str
    """The reason, as a sentence."""


class SkippedGroupView(View):
    """The runs that one root cause skipped."""

    root: RootRunView
    """The first run of the chain."""
    graph_run_id: RunIdText
    """The graph run of the newest skipped run."""
    at: Time
    """The time at which the newest run was skipped."""
    is_by_design: bool
    """True if a branch was not taken because its condition was not met."""
    recovered_by: RunIdText | None
    """A later run of the root's Task that succeeded."""
    runs: list[SkippedRunView]
    """The skipped runs, upstream runs first."""


class StoppedScheduleView(View):
    """A schedule that does not fire until a person changes it."""

    task: str
    """The Task of the schedule."""
    schedule: str
    """The name of the schedule."""
    cause: IdleCause
    """The reason why the schedule does not fire."""
    pause: PauseView | None
    """The pause; null if the schedule is not paused."""


class DroppedRunView(View):
    """A run that a limit ended before it started."""

    run_id: RunIdText
    """The id of the run."""
    task: str | None
    """The Task of the run."""
    at: Time
    """The time at which the run was accepted."""
    cause: FailureCause | None
    """The cause of the failure."""
    error: str | None
    """The error, which names the limit."""


class ExcludedDayView(View):
    """The fire times of a schedule on a day that a calendar excludes."""

    task: str
    """The Task of the schedule."""
    schedule: str
    """The name of the schedule."""
    calendar: str
    """The calendar."""
    day: date
    """The day in the zone of the schedule."""
    first: Time
    """The first excluded fire time."""
    count: int
    """The number of excluded fire times; at most about 10000."""


class DeadlineReportView(View):
    """A deadline of a Task that was missed."""

    task: str
    """The Task."""
    kind: DeadlineKind
    """Late: not finished in time. Missing: not started in time."""
    deadline: Time
    """The deadline."""
    scheduled_time: Time | None
    """The first fire time that missed the deadline."""
    run_id: RunIdText | None
    """The run of this fire time; null without a run."""
    count: int
    """The number of fire times that missed the deadline; of deadlines, in a summary."""
    cause: MissCause
    """The state of the run when the deadline passed."""
    reason: str
    """The miss, as a sentence."""
    reported_at: Time
    """The time of the check that found the miss."""
    recovered_at: Time | None
    """The time of the check that found a later success or start."""


class MissedWorkView(View):
    """The work that did not happen since a time."""

    since: Time
    """The start of the examined period."""
    skipped: MissedList[SkippedGroupView]
    """Skipped runs by root cause."""
    fire_times: MissedList[SkippedRunView]
    """Fire times without a run."""
    stopped: MissedList[StoppedScheduleView]
    """Paused and disabled schedules, by Task."""
    dropped: MissedList[DroppedRunView]
    """Runs that a limit rejected, or that waited for a limit too long."""
    excluded: MissedList[ExcludedDayView]
    """Fire times that calendars exclude, by the present definitions."""
    messages: MissedList[PoisonMessageView]
    """Queue messages that could not be processed."""
    deadlines: MissedList[DeadlineReportView]
    """Late and missing runs, by their deadlines."""


CurrentMissedWork = Annotated[MissedWorkList, Depends(use_case(MissedWorkList))]
Since = Annotated[
    AwareDatetime | None,
    Query(description="The start of the period, at most 31 days ago; default: 7 days ago."),
]


def missed_routes() -> APIRouter:
    """Return the route of missed work."""
    routes = APIRouter(tags=["Missed work"])

    @routes.get("/missed")
    def list_missed_work(missed: CurrentMissedWork, since: Since = None) -> MissedWorkView:
        """List the work that did not happen since a time, by kind and root cause."""
        return _view(missed.since(since))

    return routes


def _view(found: MissedWork) -> MissedWorkView:
    return MissedWorkView(
        since=found.since,
        skipped=_list(found.skipped, _group_view),
        fire_times=_list(found.fire_times, _skipped_view),
        stopped=_list(found.stopped, StoppedScheduleView.model_validate),
        dropped=_list(found.dropped, _dropped_view),
        excluded=_list(found.excluded, ExcludedDayView.model_validate),
        messages=_list(found.messages, poison_message_view),
        deadlines=_list(found.deadlines, _deadline_view),
    )


def _deadline_view(report: DeadlineReport) -> DeadlineReportView:
    miss = report.miss
    return DeadlineReportView(
        task=report.task,
        kind=miss.kind,
        deadline=miss.at,
        scheduled_time=miss.scheduled_time,
        run_id=miss.run_id,
        count=max(miss.count, len(miss.fires)),
        cause=miss.cause,
        reason=miss.reason,
        reported_at=miss.reported_at,
        recovered_at=report.recovered_at,
    )


def _list[T, V](found: Bounded[T], view: Callable[[T], V]) -> MissedList[V]:
    items = [view(each) for each in found.items]
    return MissedList[V](items=items, is_complete=found.is_complete)


def _group_view(group: SkippedGroup) -> SkippedGroupView:
    return SkippedGroupView(
        root=RootRunView.model_validate(group.root),
        graph_run_id=group.graph_run_id,
        at=group.at,
        is_by_design=group.is_by_design,
        recovered_by=group.recovered_by,
        runs=[_skipped_view(run) for run in group.runs],
    )


def _skipped_view(run: TaskRun) -> SkippedRunView:
    return SkippedRunView(
        run_id=run.run_id,
        task=run.task,
        kind=None if run.skip is None else run.skip.kind,
        schedule=run.schedule,
        scheduled_time=run.scheduled_time,
        at=run.queued_at,
        reason=run.reason,
    )


def _dropped_view(run: TaskRun) -> DroppedRunView:
    attempt = run.attempt
    return DroppedRunView(
        run_id=run.run_id,
        task=run.task,
        at=run.queued_at,
        cause=None if attempt is None else attempt.cause,
        error=None if attempt is None else attempt.error,
    )
