"""The runs, from their acceptance to what is owed once they have ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.dependent_notifier import DependentNotifier
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.events.announcing import EventPublisher
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.attempts import AttemptSteps
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.durations import DurationHistory
from polysync_core.application.runs.observed import ObservedRuns
from polysync_core.application.runs.published import PublishingRuns
from polysync_core.application.runs.retention import Periods, Retention
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.bootstrap.definitions import Defined
from polysync_core.bootstrap.outside import Outside
from polysync_core.bootstrap.storage import Stored
from polysync_core.domain.clock import utc_now
from polysync_core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What carries a run from its acceptance to its end."""

    runs: PublishingRuns
    policies: Policies
    neighbours: TaskGraphCache
    closing: Closing
    acceptance: RunFactory
    gates: Gates
    notifier: DependentNotifier
    task_runs: TaskRuns


def open_runs(
    stored: Stored, defined: Defined, outside: Outside, announcements: EventPublisher
) -> Running:
    """Return the runs that are stored; what is written to them is announced."""
    definitions = defined.definitions
    runs = PublishingRuns(ObservedRuns(stored.runs), announcements)
    policies, neighbours = Policies(defined.store.get), TaskGraphCache(defined.store)
    closing = Closing(runs=runs, neighbours=neighbours)
    acceptance = RunFactory(
        runs=runs,
        job_named=definitions.job,
        connections=outside.connections,
        policies=policies,
        clock=utc_now,
    )
    gates = Gates(
        store=stored.gates,
        runs=runs,
        task_named=definitions.task,
        task_graph=neighbours,
        acceptance=acceptance,
        clock=utc_now,
    )
    return Running(
        runs=runs,
        policies=policies,
        neighbours=neighbours,
        closing=closing,
        acceptance=acceptance,
        gates=gates,
        notifier=DependentNotifier(runs=runs, closing=closing, gates=gates, acceptance=acceptance),
        task_runs=TaskRuns(
            runs=runs,
            task_named=definitions.task,
            acceptance=acceptance,
            closing=closing,
            clock=utc_now,
        ),
    )


def execution(running: Running, outside: Outside) -> AttemptSteps:
    """Return what submits runs to their platforms and looks at them."""
    return AttemptSteps(
        runs=running.runs,
        closing=running.closing,
        connections=outside.connections,
        orders=SubmissionBuilder(resolve_secret=outside.secrets.resolve),
        durations=DurationHistory(running.runs),
        clock=utc_now,
    )


def retention(settings: Settings, stored: Stored, running: Running) -> Retention:
    """Return what forgets old runs and all that was kept because of them."""
    return Retention(
        runs=running.runs,
        forget_runs=stored.old_runs.forget,
        forget_outcomes=stored.gates.forget_outcomes,
        forget_audit=stored.audit.forget,
        forget_messages=stored.poison.forget,
        periods=Periods(
            runs=timedelta(days=settings.run_retention_days),
            engine=timedelta(days=settings.engine_retention_days),
        ),
        clock=utc_now,
    )
