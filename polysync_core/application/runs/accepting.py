"""Creates and stores new runs, and signals the Dispatcher that runs wait.

The row is written before any signal. From then on the run exists, and the reconciler repeats a
signal that was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.dispatch.shard_capacity import ShardCapacity
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Engine
from polysync_core.application.runs.prerequisites import Prerequisites
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.arrivals.run_arrival import RunArrival
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import DEFAULT_PRIORITY, Take, Task
from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PolysyncError,
    Problem,
    Unavailable,
)
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import resolve
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.interruptions import with_failure
from polysync_core.domain.runs.parameters.warnings import with_warnings
from polysync_core.domain.runs.prerequisites import Prerequisite
from polysync_core.domain.runs.run import (
    MappedInput,
    Origin,
    Parent,
    RunStatus,
    TaskRun,
    TriggerType,
    finish,
    new_run,
    with_later_start,
    with_prerequisites,
)
from polysync_core.domain.runs.stored import ActiveRun, StoredRun
from polysync_core.domain.security.secrets import SecretReference, references_in

RECONCILER_PERIOD = timedelta(minutes=1)
"""A lost signal is repeated after at most this time."""

_log = logging.getLogger(__name__)
_UTC = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Describes one run of a Task or Job: its id, its trigger and its own parameters."""

    run_id: RunId
    trigger_type: TriggerType
    actor: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Values for this run alone; they override the Task's own."""
    priority: int | None = None
    """None is the Task's priority, or the default for a Job without a Task."""
    graph_run_id: RunId | None = None
    """None makes the run the root of its own graph run."""
    parents: tuple[Parent, ...] = ()
    schedule: str | None = None
    schedule_id: str | None = None
    scheduled_time: datetime | None = None
    time_zone: str | None = None
    """The zone of the schedule that the run belongs to, or of the run that it follows."""
    mapped_inputs: Mapping[str, MappedInput] = field(default_factory=dict[str, MappedInput])
    starts_at: datetime | None = None
    """The planned start of a scheduled run."""
    arrival: RunArrival | None = None
    """The events that start the run."""
    rerun_of: RunId | None = None
    repairs: str | None = None
    """The external run id that the first attempt repairs; None starts from the beginning."""
    request_digest: str | None = None
    origins: tuple[Origin, ...] = ()
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None
    fan_out: bool = True
    repeats: tuple[RunId, ...] = ()
    at: datetime | None = None
    """The time of acceptance; None is now. A run that may be accepted twice needs a fixed time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFactory:
    """Creates runs of Tasks, and of Jobs without a Task."""

    store: RunStore
    definitions: DefinitionReader
    connections: Connections
    policies: Policies
    capacity: ShardCapacity
    prerequisites: Prerequisites
    clock: Clock

    def queued_run(self, task: Task, spec: RunSpec) -> TaskRun:
        """Build a queued run, not stored yet; raises `Invalid` for its parameters.

        The parameters of a run that awaits windows are resolved when the windows are complete.
        """
        job, prerequisites = self.definitions.job(task.job), _prerequisites(task, spec)
        parameters: Mapping[str, JsonValue] = {**task.parameters, **spec.parameters}
        if Prerequisite.WINDOWS not in prerequisites:
            facts = None if spec.arrival is None else spec.arrival.values
            parameters = resolve(job, task.parameters, spec.parameters, facts=facts)
        run = with_later_start(self._of_task(task, job, spec, parameters))
        run = new_run(with_prerequisites(run, prerequisites), actor=spec.actor)
        return with_warnings(run, [*task.parameters, *spec.parameters])

    def queued_job_run(self, job: Job, spec: RunSpec, *, path: str) -> TaskRun:
        """Build a queued run of a Job without a Task, not stored yet.

        Raises `Invalid` for its parameters, whose paths begin with `path`.
        """
        parameters = resolve(job, {}, spec.parameters, path=path)
        run = new_run(self._of_job(job, spec, parameters), actor=spec.actor)
        return with_warnings(run, spec.parameters)

    def check_secrets(
        self,
        run: TaskRun,
        task: Task | None,
        given: Mapping[str, JsonValue],
        *,
        path: str,
        may_name_secrets: bool,
    ) -> None:
        """Refuse a run whose caller names secrets that its definitions do not hold.

        `given` holds the values of the caller, whose paths begin with `path`. Raises `Invalid` for
        a vault that does not exist, and `Forbidden` for a caller who may not name secrets.
        """
        new = list(_new_references(run, task, given))
        problems = [
            problem
            for name, text in new
            for problem in self._vault_problems(f"{path}.{name}", text)
        ]
        if problems:
            raise Invalid(problems)
        if new and not may_name_secrets:
            names = ", ".join(dict.fromkeys(name for name, _ in new))
            raise Forbidden(
                "a run may use only the secrets that its definition holds for the same parameter:"
                f" add the reference to the Task or Job, or ask an administrator ({names})"
            )

    def _vault_problems(self, path: str, text: str) -> Iterator[Problem]:
        try:
            self.definitions.vault(SecretReference.parse(text, path=path).vault)
        except Invalid as error:
            yield from error.problems
        except NotFound:
            name = SecretReference.parse(text, path=path).vault
            meant = nearest(name, self.definitions.vault_names())
            yield Problem(
                path, f"there is no vault '{name}': define it, or correct the name{meant}"
            )

    def finished_run(self, task: Task, spec: RunSpec, outcome: Outcome) -> TaskRun:
        """Build a run that was skipped or failed before it started, not stored yet.

        Its parameters stay unresolved: they may be the reason of the failure. A cause belongs to an
        attempt, so a failed run gets a first attempt.
        """
        job = self.definitions.job(task.job)
        parameters = {**task.parameters, **spec.parameters}
        run = new_run(self._of_task(task, job, spec, parameters), actor=spec.actor)
        if outcome.cause is not None:
            run = replace(run, attempts=(Attempt(number=1),))
        return finish(run, outcome, at=run.queued_at, actor=spec.actor)

    def create(self, run: TaskRun) -> StoredRun | None:
        """Store a new run; return None if the run exists."""
        return self.store.create(run)

    def accept(self, run: TaskRun, engine: Engine) -> TaskRun:
        """Store a new run and enqueue it.

        If a concurrent request with the same idempotency key was faster, return its run. Raises
        `Conflict` if that request had other content, and `ShardFull` if too many runs wait.
        """
        self.capacity.take(run.shard, engine)
        if self.create(run) is not None:
            self.enqueue(run, engine)
            return run
        existing = self.store.read(run.run_id).run
        if existing.queued_at != run.queued_at:
            self.store.remove_from_index(ActiveRun.of(run))
        return run_of_same_request(existing, run.request_digest)

    def enqueue(self, run: TaskRun, engine: Engine) -> None:
        """Signal to the Dispatcher that a stored run waits for its start.

        A run with an unmet prerequisite waits; its release enqueues it.
        """
        run = self.prerequisites.released(run)
        if run.status.is_terminal:
            signal_best_effort("complete", lambda: engine.notify_dependents(run.run_id))
        if run.status.is_terminal or run.unmet:
            return

        def send() -> None:
            policies = self.policies.for_run(run.task, run.job.platform)
            engine.enqueue(run.shard, waiting_message(run), policies)

        lost = signal_best_effort("enqueue", send)
        if lost is not None:
            self._record_lost_signal(run, lost)

    def _record_lost_signal(self, run: TaskRun, error: Unavailable) -> None:
        """Write to the row that the Dispatcher did not receive the run; the run exists anyway."""
        try:
            stored = self.store.read(run.run_id)
            self.store.update(stored, lambda run: with_lost_signal(run, error, at=self.clock()))
        except PolysyncError as fault:
            _log.warning(
                "A lost signal could not be written to its run.",
                extra={
                    "action": "fault_unrecorded",
                    "run_id": run.run_id,
                    "kind": type(fault).__name__,
                },
            )

    def _of_task(
        self, task: Task, job: Job, spec: RunSpec, parameters: Mapping[str, JsonValue]
    ) -> TaskRun:
        return replace(
            self._of_job(job, spec, parameters),
            task=task.name,
            born=task.row.born,
            priority=task.priority if spec.priority is None else spec.priority,
            retry=task.retry,
            execution_timeout_seconds=task.execution_timeout_seconds,
            duration_within=None if task.expect is None else task.expect.duration_within,
            tags=task.tags,
            time_zone=_zone(task, spec),
        )

    def _of_job(self, job: Job, spec: RunSpec, parameters: Mapping[str, JsonValue]) -> TaskRun:
        return TaskRun(
            run_id=spec.run_id,
            task=None,
            job=job,
            shard=self.connections.platform(job.platform).shard,
            status=RunStatus.QUEUED,
            reason="Waiting for its start.",
            trigger_type=spec.trigger_type,
            graph_run_id=spec.graph_run_id or spec.run_id,
            priority=DEFAULT_PRIORITY if spec.priority is None else spec.priority,
            queued_at=spec.at or self.clock(),
            request_digest=spec.request_digest,
            tags=job.tags,
            parameters=parameters,
            parents=spec.parents,
            origins=spec.origins,
            backfill_id=spec.backfill_id,
            backfill_limit=spec.backfill_limit,
            fan_out=spec.fan_out,
            repeats=spec.repeats,
            rerun_of=spec.rerun_of,
            repairs=spec.repairs,
            schedule=spec.schedule,
            schedule_id=spec.schedule_id,
            scheduled_time=spec.scheduled_time,
            starts_at=spec.starts_at,
            arrival=spec.arrival,
            time_zone=spec.time_zone or _UTC,
            mapped_inputs=spec.mapped_inputs,
        )


_ORDERED = frozenset({TriggerType.SCHEDULE, TriggerType.BACKFILL, TriggerType.DEPENDENCY})
"""The triggers of runs that follow the order of their schedule."""


def _prerequisites(task: Task, spec: RunSpec) -> tuple[Prerequisite, ...]:
    """Return the prerequisites of a run; a run that a person starts has none."""
    is_ordered = spec.schedule_id is not None and spec.trigger_type in _ORDERED
    is_backfilled = spec.trigger_type is TriggerType.BACKFILL
    windows = is_backfilled and any(each.take is Take.WINDOW for each in task.dependencies)
    past = task.depends_on_past and is_ordered
    return (
        *((Prerequisite.PAST,) if past else ()),
        *((Prerequisite.WINDOWS,) if windows else ()),
    )


def _zone(task: Task, spec: RunSpec) -> str:
    """Return the time zone of a run's variables.

    A run of a schedule has the zone of the schedule, unless the Task names its own.
    """
    of_schedule = spec.time_zone if spec.schedule is not None else None
    return task.time_zone or of_schedule or task.own_zone or spec.time_zone or _UTC


def _new_references(
    run: TaskRun, task: Task | None, given: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield each parameter with a reference that its definitions do not hold."""
    for name in given:
        held = {
            text for value in _defined_values(run.job, task, name) for text in references_in(value)
        }
        for text in references_in(run.parameters.get(name)):
            if text not in held:
                yield name, text


def _defined_values(job: Job, task: Task | None, name: str) -> Iterator[JsonValue]:
    """Yield the values of a parameter in the definitions of a run."""
    parameter = job.parameter(name)
    if parameter is not None:
        yield parameter.default
    if task is not None:
        yield task.parameters.get(name)
        for start in (*task.schedules, *task.arrivals):
            yield start.parameters.get(name)


def run_of_same_request(existing: TaskRun, digest: str | None) -> TaskRun:
    """Return the run of an idempotency key; raise `Conflict` for a request of other content."""
    if existing.request_digest != digest:
        raise Conflict("This idempotency key was used for a request with other content.")
    return existing


def waiting_message(run: TaskRun) -> WaitingRun:
    """Return the message that describes a queued run to the Dispatcher."""
    return WaitingRun(
        run_id=run.run_id,
        attempt=run.next_attempt,
        task=run.task,
        priority=run.priority,
        queued_at=run.queued_at,
        platform=run.job.platform,
        not_before=run.not_before,
        backfill_id=run.backfill_id,
        backfill_limit=run.backfill_limit,
    )


def with_lost_signal(run: TaskRun, error: Unavailable, *, at: datetime) -> TaskRun | None:
    """Return a queued run with a note that its Dispatcher did not receive it."""
    if run.status is not RunStatus.QUEUED:
        return None
    failure = Failure(
        step=ProblemStep.START,
        kind=ProblemKind.UNREACHABLE,
        target=f"Dispatcher {run.shard}",
        message=str(error),
    )
    return with_failure(run, failure, at=at, next_try=at + RECONCILER_PERIOD)


def signal_best_effort(name: str, send: Callable[[], None]) -> Unavailable | None:
    """Send a signal to the engine; return the error of a lost one.

    The reconciler repeats a lost signal within a minute.
    """
    try:
        send()
    except Unavailable as error:
        _log.warning(
            "A signal to the engine was lost; the reconciler will repeat it.",
            extra={"action": "signal_lost", "signal": name, "error": str(error)},
        )
        return error
    return None
