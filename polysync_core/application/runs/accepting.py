"""How a run comes into being, whatever makes it: as a value, as a row, as something that waits.

The row is written before anybody is told of it. From then on the run exists, and what is lost after
that is made good by the reconciler.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.ports import Engine, Runs
from polysync_core.application.runs.updating import read_run
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.tasks import DEFAULT_PRIORITY, Task
from polysync_core.domain.dispatch.state import Waiting
from polysync_core.domain.errors import Conflict, Unavailable
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import resolve
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.run import (
    Attempt,
    Origin,
    Outcome,
    Parent,
    RunStatus,
    TaskRun,
    TriggerType,
    accepted,
    finish,
)
from polysync_core.domain.runs.stored import StoredRun, owed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What makes a Task run this time, or a Job without one."""

    run_id: RunId
    trigger_type: TriggerType
    actor: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Values for this run alone, before the Task's own."""
    priority: int | None = None
    """None is the Task's, or the default where there is none."""
    graph_run_id: RunId | None = None
    """None makes it the root of a graph run of its own."""
    parents: tuple[Parent, ...] = ()
    schedule: str | None = None
    scheduled_time: datetime | None = None
    time_zone: str | None = None
    rerun_of: RunId | None = None
    request_digest: str = ""
    origins: tuple[Origin, ...] = ()
    backfill_id: BackfillId | None = None
    backfill_limit: int | None = None
    fan_out: bool = True
    repeats: tuple[RunId, ...] = ()
    at: datetime | None = None
    """When it is accepted; None is now. What may be accepted twice says it, to be listed once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFactory:
    """Makes runs of Tasks, and of Jobs without one."""

    runs: Runs
    job_named: Callable[[str], Job]
    """Return a Job, or raise `NotFound`."""
    connections: Connections
    policies: Policies
    clock: Clock

    def run_of(self, task: Task, start: Start) -> TaskRun:
        """Return a queued run that is not stored yet; raises `Invalid` for its parameters."""
        job = self.job_named(task.job)
        parameters = resolve(job, task.parameters, start.parameters)
        return accepted(self._of_task(task, job, start, parameters), actor=start.actor)

    def run_of_job(self, job: Job, start: Start, *, path: str) -> TaskRun:
        """Return a queued run of a Job without a Task, not stored yet.

        Raises `Invalid` for its parameters, which the caller knows by `path`.
        """
        parameters = resolve(job, {}, start.parameters, path=path)
        return accepted(self._of_job(job, start, parameters), actor=start.actor)

    def finished_run(self, task: Task, start: Start, outcome: Outcome) -> TaskRun:
        """Return a run that has ended before it could start, not stored yet.

        Its parameters are shown as they are defined, as they may be what it could not start with.
        A failure is that of its first attempt: a cause belongs to an attempt.
        """
        job = self.job_named(task.job)
        parameters = {**task.parameters, **start.parameters}
        run = accepted(self._of_task(task, job, start, parameters), actor=start.actor)
        if outcome.cause is not None:
            run = replace(run, attempts=(Attempt(number=1),))
        return finish(run, outcome, at=run.queued_at, actor=start.actor)

    def _of_task(
        self, task: Task, job: Job, start: Start, parameters: Mapping[str, JsonValue]
    ) -> TaskRun:
        return replace(
            self._of_job(job, start, parameters),
            task=task.name,
            priority=task.priority if start.priority is None else start.priority,
            retry=task.retry,
            execution_timeout_seconds=task.execution_timeout_seconds,
            tags=task.tags,
        )

    def _of_job(self, job: Job, start: Start, parameters: Mapping[str, JsonValue]) -> TaskRun:
        return TaskRun(
            run_id=start.run_id,
            task="",
            job=job,
            shard=self.connections.platform(job.platform).shard,
            status=RunStatus.QUEUED,
            reason="Waiting for its start.",
            trigger_type=start.trigger_type,
            graph_run_id=start.graph_run_id or start.run_id,
            priority=DEFAULT_PRIORITY if start.priority is None else start.priority,
            queued_at=start.at or self.clock(),
            request_digest=start.request_digest,
            tags=job.tags,
            parameters=parameters,
            parents=start.parents,
            origins=start.origins,
            backfill_id=start.backfill_id,
            backfill_limit=start.backfill_limit,
            fan_out=start.fan_out,
            repeats=start.repeats,
            rerun_of=start.rerun_of,
            schedule=start.schedule,
            scheduled_time=start.scheduled_time,
            time_zone=start.time_zone,
        )

    def accept(self, run: TaskRun, engine: Engine) -> TaskRun:
        """Store a new run and let the Dispatcher know of it.

        Where another request under the same key was faster, its run is returned and its
        announcement counts. Raises as `repeated` does.
        """
        if self.store(run) is not None:
            self.enqueue(run, engine)
            return run
        known = read_run(self.runs, run.run_id).run
        if known.queued_at != run.queued_at:
            self.runs.withdraw(owed(run))
        return repeated(known, run.request_digest)

    def store(self, run: TaskRun) -> StoredRun | None:
        """Write a new run, its place in the index first; None where the run exists already."""
        self.runs.announce(run)
        stored = self.runs.insert(run)
        if stored is not None:
            _log.info(
                "Run accepted.",
                extra={
                    "action": "run_accepted",
                    "run_id": run.run_id,
                    "task": run.task,
                    "trigger": run.trigger_type,
                },
            )
        return stored

    def enqueue(self, run: TaskRun, engine: Engine) -> None:
        """Let the Dispatcher know of a stored run that waits."""

        def ring() -> None:
            policies = self.policies.for_run(run.task, run.job.platform)
            engine.enqueue(run.shard, waiting(run), policies)

        tell("enqueue", ring)


def repeated(known: TaskRun, digest: str) -> TaskRun:
    """Return the run of an idempotency key, or raise `Conflict` for a request that differs."""
    if known.request_digest != digest:
        raise Conflict("This idempotency key was used for a request with other content.")
    return known


def waiting(run: TaskRun) -> Waiting:
    """Return what the Dispatcher needs to know of a queued run."""
    return Waiting(
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


def tell(signal: str, ring: Callable[[], None]) -> None:
    """Ring a doorbell. If it is not heard, the reconciler rings again within a minute."""
    try:
        ring()
    except Unavailable as error:
        _log.warning(
            "The engine could not be told; the reconciler will make it good.",
            extra={"action": "signal_lost", "signal": signal, "error": str(error)},
        )
