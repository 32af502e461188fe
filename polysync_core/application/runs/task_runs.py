"""Task runs as their users see them: start, repeat, list, read, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from polysync_core.application.dependencies.dependent_runs import newest_success
from polysync_core.application.ports import Engine, Runs
from polysync_core.application.runs.accepting import RunFactory, Start, repeated, tell
from polysync_core.application.runs.closing import Closing
from polysync_core.application.runs.updating import change_run, read_run
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Direction
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.mappings import mapped_values, needed_parents
from polysync_core.domain.errors import Conflict
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId, derived_run_id, new_run_id, request_digest
from polysync_core.domain.runs.run import (
    Outcome,
    Parent,
    RunStatus,
    TaskRun,
    TriggerType,
    finish,
    request_cancel,
)
from polysync_core.domain.runs.stored import Listing, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a caller asks for by Run Once, or by a message."""

    task: str
    parameters: Mapping[str, JsonValue]
    priority: int | None = None
    idempotency_key: str | None = None
    actor: str
    trigger_type: TriggerType = TriggerType.MANUAL
    rerun_of: TaskRun | None = None
    """The finished run that this one repeats."""
    downstream: bool = True
    """Whether what depends on the Task runs after it."""

    @property
    def digest(self) -> str:
        """What must be equal in two requests under one idempotency key."""
        content: dict[str, JsonValue] = {
            "parameters": dict(self.parameters),
            "priority": self.priority,
        }
        if self.rerun_of is not None:
            content |= {"rerunOf": self.rerun_of.run_id, "downstream": self.downstream}
        return request_digest(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRuns:
    """The use cases around task runs."""

    runs: Runs
    task_named: Callable[[str], Task]
    """Return a Task, or raise `NotFound`."""
    acceptance: RunFactory
    closing: Closing
    clock: Clock

    def run_once(self, request: RunRequest, engine: Engine) -> TaskRun:
        """Accept a manual run of a Task; when this returns, the run is stored and will start.

        Raises `NotFound`, `Conflict` (disabled; another request under the same idempotency key) and
        `Invalid` (parameters).
        """
        task = self.task_named(request.task)
        run_id = new_run_id()
        if request.idempotency_key is not None:
            run_id = derived_run_id("idempotency-key", task.name, request.idempotency_key)
            known = self.runs.get(run_id)
            if known is not None:
                return repeated(known.run, request.digest)
        if not task.enabled:
            raise Conflict(f"Task {task.name} is disabled; enable it to run it.")
        run = self.acceptance.run_of(task, self.with_parents(task, _start(run_id, request)))
        return self.acceptance.accept(run, engine)

    def rerun(
        self,
        run_id: RunId,
        *,
        downstream: bool = False,
        idempotency_key: str | None,
        actor: str,
        engine: Engine,
    ) -> TaskRun:
        """Accept a new run with the Task, parameters, priority and nominal time of a finished one.

        The Job is today's. With `downstream`, what depends on the Task runs again after it, and
        takes from the old graph run what is not run again. Raises what `run_once` raises, and
        `Conflict` for a run that goes on.
        """
        former = self.get(run_id)
        if not former.task:
            raise Conflict(
                f"The run is of job '{former.job.name}' without a task; "
                "to repeat it, execute the job again."
            )
        if not former.status.is_terminal:
            raise Conflict(
                f"The run is {former.status}; only a finished run can be run again. "
                "To run its task beside it, start the task."
            )
        request = RunRequest(
            task=former.task,
            parameters=_inputs(former),
            priority=former.priority,
            idempotency_key=idempotency_key,
            actor=actor,
            rerun_of=former,
            downstream=downstream,
        )
        return self.run_once(request, engine)

    def get(self, run_id: RunId) -> TaskRun:
        """Return a run, or raise `NotFound`."""
        return read_run(self.runs, run_id).run

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first."""
        return self.runs.page(listing)

    def cancel(self, run_id: RunId, *, actor: str, engine: Engine) -> TaskRun:
        """Stop a run: at once while it waits, by way of its platform while it runs.

        Doing it twice is doing it once, and a run that has ended stays as it is.
        """
        before = read_run(self.runs, run_id)
        stored = change_run(self.runs, before, lambda run: self._cancelled(run, actor))
        run = stored.run
        if run.status is RunStatus.CANCELLED:
            self.closing.hand_over(run, engine)
            tell("release", lambda: engine.release(run.shard, run.run_id, run.next_attempt))
        elif run.status is RunStatus.RUNNING:
            tell("wake", lambda: engine.wake(run.run_id, len(run.attempts)))
        return run

    def _cancelled(self, run: TaskRun, actor: str) -> TaskRun | None:
        now = self.clock()
        if run.status is RunStatus.QUEUED:
            when = "while it waited for its next attempt" if run.attempts else "before it started"
            outcome = Outcome(status=RunStatus.CANCELLED, reason=f"Cancelled {when}.")
            return finish(run, outcome, at=now, actor=actor)
        if run.status is RunStatus.RUNNING and run.cancel_requested is None:
            return request_cancel(run, at=now, actor=actor)
        return None

    def with_parents(self, task: Task, start: Start) -> Start:
        """Let a run that ignores its gate take the outputs it needs from the newest successes."""
        upstreams = needed_parents(task, start.parameters)
        if not upstreams:
            return start
        found = {name: newest_success(self.runs, name) for name in upstreams}
        parents = {name: run for name, run in found.items() if run is not None}
        job = self.acceptance.job_named(task.job)
        mapped = mapped_values(task, job, parents, start.parameters)
        return replace(
            start,
            parameters={**start.parameters, **mapped},
            parents=(
                *start.parents,
                *(Parent(task=name, run_id=run.run_id) for name, run in parents.items()),
            ),
        )


def _start(run_id: RunId, request: RunRequest) -> Start:
    former = request.rerun_of
    return Start(
        run_id=run_id,
        trigger_type=request.trigger_type,
        actor=request.actor,
        parameters=request.parameters,
        priority=request.priority,
        rerun_of=former and former.run_id,
        schedule=former and former.schedule,
        scheduled_time=former and former.scheduled_time,
        time_zone=former and former.time_zone,
        parents=former.parents if former is not None else (),
        request_digest=request.digest,
        fan_out=request.downstream,
        repeats=_repeated_by(request),
    )


def _repeated_by(request: RunRequest) -> tuple[RunId, ...]:
    """Return the graph runs that a rerun repeats from its Task on."""
    former = request.rerun_of
    if former is None or not request.downstream:
        return ()
    return tuple(dict.fromkeys([*(root.run_id for root in former.roots), *former.repeats]))


def _inputs(run: TaskRun) -> dict[str, JsonValue]:
    """Return what a run was given; defaults of outputs are shown with it, and never sent."""
    outputs = {each.name for each in run.job.parameters if each.direction is Direction.OUTPUT}
    return {name: value for name, value in run.parameters.items() if name not in outputs}
