"""Builds the JSON responses about runs and run history, without secret values."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from pydantic import Field

from polysync_core.api.models import Json, RunIdText, Time, View
from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import ProblemKind, ProblemStep, RunProblem
from polysync_core.domain.runs.interruptions import status_text
from polysync_core.domain.runs.parameters.values import values_of
from polysync_core.domain.runs.parameters.warnings import warnings_of
from polysync_core.domain.runs.run import HistoryEntry, RunStatus, TaskRun, TriggerType
from polysync_core.domain.runs.skip import SkipKind


class ParentView(View):
    """An upstream run whose outcome started the run."""

    task: str
    """The upstream Task."""
    run_id: RunIdText
    """The run of the upstream Task."""


class AttemptView(View):
    """One try of a run on its platform."""

    number: int
    """The number of the attempt; the first one is 1."""
    status: RunStatus
    """The status of the attempt."""
    repairs: str | None = Field(default=None, exclude_if=operator.not_)
    """The external run id of the failed run that the attempt repairs; absent for a start."""
    external_run_id: str | None
    """The id that the platform gave the attempt; null before the platform has accepted it."""
    monitor_url: str | None
    """The page of the attempt in the platform's own user interface."""
    provider_status: str | None
    """The last state of the attempt in the platform's own words."""
    submitted_at: Time | None
    """The time at which the platform accepted the attempt."""
    started_at: Time | None
    """The time at which the platform started the attempt."""
    finished_at: Time | None
    """The time at which the attempt ended."""
    cause: FailureCause | None
    """The cause of the failure; null unless the attempt failed."""
    error: str | None
    """The error of a failed attempt."""
    parameters: dict[str, Json] | None
    """The values that the attempt sent, with secrets as references; null if nothing was sent."""
    parameters_not_kept: list[str]
    """The parameters whose values are too long to be recorded."""


class MappedInputView(View):
    """The output of an upstream run that supplied a parameter."""

    task: str
    """The upstream Task."""
    run_id: RunIdText
    """The run of the upstream Task."""
    output: str
    """The name of the output."""


class ProblemView(View):
    """The failure that keeps a run from going on."""

    step: ProblemStep
    """The step that fails."""
    kind: ProblemKind
    """The kind of the failure."""
    target: str
    """The service that failed, such as `vault team` or `platform lakehouse`."""
    message: str
    """The error of the last try, with its remedy."""
    since: Time
    """The first failed try in the row."""
    tries: int
    """The number of failed tries in the row."""
    last_try_at: Time
    """The last try."""
    next_try_at: Time | None
    """The next try."""
    given_up_at: Time | None
    """The end of the attempt if the problem lasts; null if Polysync does not give up."""
    text: str
    """The problem in one sentence."""


class RootCauseView(View):
    """The run at the beginning of a chain of skipped runs."""

    task: str
    """The Task of the run."""
    run_id: RunIdText
    """The id of the run."""
    status: RunStatus
    """The outcome of the run."""


class SkipView(View):
    """The reason why a run was skipped."""

    kind: SkipKind
    """The rule that skipped the run."""
    root: RootCauseView | None
    """The first run of the chain; null unless an upstream is the cause."""


class MissedDeadlineView(View):
    """A deadline of the Task that the run missed."""

    kind: DeadlineKind
    """Late: not finished in time. Missing: not started in time. Slow: longer than normal."""
    at: Annotated[Time, Field(serialization_alias="deadline")]
    """The deadline."""
    noticed_at: Time
    """The time at which Polysync found that the deadline was missed."""


class ArrivedEventView(View):
    """An event that started a run."""

    id: str
    """The id of the event."""
    source: str
    """The source of the event."""
    type: str
    """The type of the event."""
    subject: str | None
    """The subject of the event, such as a file."""
    time: Time | None
    """The time of the event."""
    received_at: Time
    """The time at which Polysync received the event."""


class ArrivalView(View):
    """The events that started a run."""

    name: str
    """The name of the arrival."""
    count: int
    """The number of events."""
    events: list[ArrivedEventView]
    """The first events, at most 50."""
    values: dict[str, Json]
    """The facts of the events that the parameters name."""


class TaskRunView(View):
    """One execution of a Task, or of a Job without a Task."""

    run_id: RunIdText
    """The id of the run."""
    task: str | None
    """The Task; null for a run of a Job without a Task."""
    job: str
    """The Job."""
    platform: str
    """The Platform on which the Job runs."""
    status: RunStatus
    """The status; the last four values are final."""
    reason: str
    """The state of the run in words; the problem while there is one."""
    problem: ProblemView | None
    """The failure that keeps the run from going on; null without a problem."""
    trigger_type: TriggerType
    """The trigger of the run."""
    graph_run_id: RunIdText
    """The graph run to which the run belongs."""
    trace_id: str | None
    """The id of the run's trace."""
    schedule: str | None
    """The schedule that started the run."""
    backfill_id: str | None
    """The backfill that made the run."""
    arrival: ArrivalView | None
    """The events that started the run."""
    scheduled_time: Time | None
    """The fire time for which the run was made."""
    starts_at: Time | None
    """The planned start of a scheduled run: its fire time plus its jitter."""
    start_lag_seconds: float | None
    """The seconds from the planned start to the start; null before the start."""
    time_zone: str | None
    """The time zone of the run's variables."""
    queued_at: Time
    """The time at which the run was accepted."""
    started_at: Time | None
    """The time at which the first attempt started."""
    finished_at: Time | None
    """The time at which the run ended."""
    next_attempt_at: Time | None
    """The end of the back-off before the next attempt."""
    rerun_of: RunIdText | None
    """The finished run that this run repeats."""
    cancel_requested: bool
    """True if a caller asked to cancel the run."""
    priority: int
    """The priority; a higher one starts first."""
    parameters: dict[str, Json]
    """The parameters by name; a secret is shown as its reference."""
    outputs: dict[str, Json]
    """The outputs by name; `{"redacted": true}` replaces a sensitive output."""
    outputs_not_kept: dict[str, str]
    """The reasons why outputs were not stored, by name of the output."""
    parents: list[ParentView]
    """The upstream runs whose outcomes started the run."""
    mapped_inputs: dict[str, MappedInputView]
    """The sources of the parameters that mappings supplied, by parameter."""
    attempts: list[AttemptView]
    """The attempts, oldest first."""
    skip: SkipView | None = Field(default=None, exclude_if=operator.not_)
    """The reason why the run was skipped; absent for any other run."""
    missed_deadlines: list[MissedDeadlineView] = Field(
        default_factory=list[MissedDeadlineView], exclude_if=operator.not_
    )
    """The deadlines of the Task that the run missed; absent for a run in time."""
    warnings: list[str] = Field(default_factory=list[str], exclude_if=operator.not_)
    """Warnings about the run, such as a value that the artefact does not read."""


class HistoryEntryView(View):
    """One line of a run's history: a change of the status, or a note."""

    at: Time
    """The time of the change."""
    from_status: Annotated[RunStatus | None, Field(serialization_alias="from")]
    """The status before; null for the first entry, equal to `to` for a note."""
    to_status: Annotated[RunStatus, Field(serialization_alias="to")]
    """The status after."""
    reason: str
    """The reason, as a sentence."""
    actor: str
    """The caller who caused the change, or `polysync`."""
    attempt: int
    """The number of the attempt; 0 before the first one."""


def run_view(run: TaskRun) -> TaskRunView:
    """Return the view of a run."""
    return TaskRunView(
        run_id=run.run_id,
        task=run.task,
        job=run.job.name,
        platform=run.job.platform,
        status=run.status,
        reason=status_text(run),
        problem=_problem_view(run.problem),
        trigger_type=run.trigger_type,
        graph_run_id=run.graph_run_id,
        trace_id=run.trace_id,
        schedule=run.schedule,
        backfill_id=run.backfill_id,
        arrival=None if run.arrival is None else ArrivalView.model_validate(run.arrival),
        scheduled_time=run.scheduled_time,
        starts_at=run.starts_at,
        start_lag_seconds=None if run.start_lag is None else run.start_lag.total_seconds(),
        time_zone=run.time_zone,
        queued_at=run.queued_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        next_attempt_at=run.not_before,
        rerun_of=run.rerun_of,
        cancel_requested=run.cancel_requested is not None,
        priority=run.priority,
        parameters=dict(run.parameters),
        outputs=_outputs_view(run),
        outputs_not_kept=dict(run.outputs_not_kept),
        parents=[ParentView.model_validate(parent) for parent in run.parents],
        mapped_inputs={
            name: MappedInputView.model_validate(each) for name, each in run.mapped_inputs.items()
        },
        attempts=[_attempt_view(run, attempt) for attempt in run.attempts],
        skip=None if run.skip is None else SkipView.model_validate(run.skip),
        missed_deadlines=[MissedDeadlineView.model_validate(each) for each in run.missed_deadlines],
        warnings=warnings_of(run),
    )


def _attempt_view(run: TaskRun, attempt: Attempt) -> AttemptView:
    sent = values_of(run, attempt)
    return AttemptView(
        number=attempt.number,
        status=attempt.status,
        repairs=run.repaired_by(attempt.number),
        external_run_id=attempt.external_run_id,
        monitor_url=attempt.monitor_url,
        provider_status=attempt.provider_status,
        submitted_at=attempt.submitted_at,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        cause=attempt.cause,
        error=attempt.error,
        parameters=None if sent is None else sent.values,
        parameters_not_kept=[] if sent is None else list(sent.not_kept),
    )


def _problem_view(problem: RunProblem | None) -> ProblemView | None:
    if problem is None:
        return None
    return ProblemView(
        step=problem.step,
        kind=problem.kind,
        target=problem.target,
        message=problem.message,
        since=problem.since,
        tries=problem.tries,
        last_try_at=problem.last_try,
        next_try_at=problem.next_try,
        given_up_at=problem.gives_up,
        text=problem.text,
    )


def _outputs_view(run: TaskRun) -> dict[str, Any]:
    """Return the outputs of a run; a marker replaces each sensitive output."""
    return {**run.outputs, **{name: {"redacted": True} for name in run.redacted_outputs}}


def entry_view(entry: HistoryEntry) -> HistoryEntryView:
    """Return the view of a history entry."""
    return HistoryEntryView.model_validate(entry)
