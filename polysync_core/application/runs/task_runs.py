"""Starts, reruns, lists, reads and cancels task runs, which are runs of Tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from polysync_core.application.dependencies.window_values import WindowValues, with_takes
from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.accepting import (
    RunFactory,
    RunSpec,
    run_of_same_request,
    signal_best_effort,
)
from polysync_core.application.runs.attempts.outcomes import cancelled_before_submit
from polysync_core.application.runs.finishing import RunFinisher
from polysync_core.application.runs.run_lookup import find_run_id, newest_success, read_run
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.dependencies.mappings import mapped_inputs, mapped_values, needed_parents
from polysync_core.domain.errors import Conflict, Invalid, Refused
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.identity import RunId, derived_run_id, new_run_id, request_digest
from polysync_core.domain.runs.interruptions import request_cancel
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.parameters.values import inputs_of
from polysync_core.domain.runs.repairs import REPAIRABLE, failed_run_to_repair
from polysync_core.domain.runs.run import (
    SYSTEM_ACTOR,
    MappedInput,
    Parent,
    RunStatus,
    TaskRun,
    TriggerType,
    finish,
)
from polysync_core.domain.runs.skip import Skip, SkipKind
from polysync_core.domain.runs.stored import Page, RunHead
from polysync_core.domain.variables import names_facts
from polysync_core.platforms.registry import no_repair


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A request for one run of a Task, by Run Once or by a message."""

    task: str
    parameters: Mapping[str, JsonValue]
    priority: int | None = None
    idempotency_key: str | None = None
    actor: str
    may_name_secrets: bool = False
    """True if the caller may give secret references that no definition holds."""
    trigger_type: TriggerType = TriggerType.MANUAL
    rerun_of: TaskRun | None = None
    """The finished run that this one repeats."""
    downstream: bool = True
    """True if the dependents of the Task run after it."""
    repairs: str | None = None
    """The external run id whose failed parts run again; None starts from the beginning."""

    @property
    def digest(self) -> str:
        """The digest of the content; equal in all requests with one idempotency key."""
        content: dict[str, JsonValue] = {
            "parameters": dict(self.parameters),
            "priority": self.priority,
        }
        if self.rerun_of is not None:
            content |= {"rerunOf": self.rerun_of.run_id, "downstream": self.downstream}
        if self.repairs is not None:
            content |= {"repairs": self.repairs}
        return request_digest(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRuns:
    """Starts, reads, lists and cancels task runs."""

    runs: RunReader
    store: RunStore
    definitions: DefinitionReader
    factory: RunFactory
    finisher: RunFinisher
    window_values: WindowValues
    clock: Clock

    def run_once(self, request: RunRequest, engine: Engine) -> TaskRun:
        """Accept a run of a Task; when this returns, the run is stored and will start.

        Raises `NotFound`, `Conflict` (disabled; other content with the same idempotency key),
        `Invalid` (parameters) and `Forbidden` (secrets that the caller may not name).
        """
        task = self.definitions.task(request.task)
        run_id = new_run_id()
        if request.idempotency_key is not None:
            run_id = derived_run_id("idempotency-key", task.identity, request.idempotency_key)
            existing = self.runs.get(run_id)
            if existing is not None:
                return run_of_same_request(existing.run, request.digest)
        if not task.enabled:
            raise Conflict(f"Task {task.name} is disabled; enable it to run it.")
        spec = self.with_parents(task, _spec(run_id, request))
        run = self.factory.queued_run(task, spec)
        self.factory.check_secrets(
            run,
            task,
            request.parameters,
            path="parameters",
            may_name_secrets=request.may_name_secrets,
        )
        return self.factory.accept(run, engine)

    def rerun(  # noqa: PLR0913 - all but the run are keywords
        self,
        run_id: RunId,
        *,
        downstream: bool = False,
        from_failure: bool = False,
        refresh: bool = False,
        parameters: Mapping[str, JsonValue] = MappingProxyType({}),
        idempotency_key: str | None,
        actor: str,
        may_name_secrets: bool = False,
        engine: Engine,
    ) -> TaskRun:
        """Accept a new run with the inputs and the scheduled time of a finished one.

        `parameters` replace some of the inputs. The new run uses the current Job. With `refresh`,
        it has the present values of the Task and its schedule instead of the old ones. With
        `downstream`, the dependents of the Task run again, and take the outcomes of other Tasks
        from the old graph run. With `from_failure`, the platform runs only the failed parts again.
        Raises the errors of `run_once`, and `Conflict` for an active run.
        """
        former = self.get(run_id)
        if refresh and from_failure:
            raise Invalid.at("refresh", "contradicts fromFailure: a repair keeps the old values")
        if former.task is None:
            raise Conflict(
                f"The run is of job '{former.job.name}' without a task; "
                "to repeat it, execute the job again."
            )
        if not former.status.is_terminal:
            raise Conflict(
                f"The run is {former.status}; only a finished run can be run again. "
                "To run its task in parallel, start the task."
            )
        request = RunRequest(
            task=former.task,
            parameters={**self._inputs(former, refresh=refresh), **parameters},
            priority=former.priority,
            idempotency_key=idempotency_key,
            actor=actor,
            may_name_secrets=may_name_secrets,
            rerun_of=former,
            downstream=downstream,
            repairs=self._repairable(former, parameters) if from_failure else None,
        )
        return self.run_once(request, engine)

    def _inputs(self, former: TaskRun, *, refresh: bool) -> Mapping[str, JsonValue]:
        """Return the inputs of a rerun that its request does not give."""
        if not refresh or former.task is None:
            return inputs_of(former)
        task = self.definitions.task(former.task)
        job = self.definitions.job(task.job)
        schedules = (each for each in task.schedules if each.name == former.schedule)
        schedule = next(schedules, None)
        mapped = {
            name: former.parameters[name]
            for name in (*former.mapped_inputs, *_of_events(former))
            if name in former.parameters and job.parameter(name) is not None
        }
        return {**mapped, **({} if schedule is None else schedule.parameters)}

    def may_repair(self, run: TaskRun) -> bool:
        """Return whether an ended run can be run again from its failure."""
        if run.task is None or run.status not in REPAIRABLE:
            return False
        try:
            job = self.definitions.job(run.job.name)
            failed_run_to_repair(run, job)
            return self.factory.connections.can_repair(job)
        except Refused:
            return False

    def _repairable(self, former: TaskRun, parameters: Mapping[str, JsonValue]) -> str:
        """Return the external id of a failed run that its platform can repair.

        Raises `Invalid` and `Conflict` with the reason why the run cannot be repaired.
        """
        job = self.definitions.job(former.job.name)
        if not self.factory.connections.can_repair(job):
            raise Invalid.at("fromFailure", no_repair(job.job_type))
        if parameters:
            raise Invalid.at(
                "parameters", "must be empty: a repair keeps the values of the failed run"
            )
        return failed_run_to_repair(former, job)

    def find(self, text: str) -> RunId:
        """Return the only run id that equals or begins with a text.

        Raises `NotFound` and `Ambiguous`.
        """
        return find_run_id(self.runs, text)

    def get(self, run_id: RunId) -> TaskRun:
        """Return a run, or raise `NotFound`."""
        return read_run(self.runs, run_id).run

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first."""
        return self.runs.page(listing)

    def heads(self, tasks: Collection[str]) -> Mapping[str, RunHead]:
        """Return the newest run of each Task that has one, in short."""
        return self.runs.heads(tasks)

    def cancel(self, run_id: RunId, *, actor: str, engine: Engine) -> TaskRun:
        """Cancel a run that its platform cannot know; otherwise ask the platform to stop the run.

        Idempotent; an ended run is left alone. Raises `NotFound`.
        """
        before = self.store.read(run_id)
        run = self.store.update(before, lambda run: self._cancelled(run, actor)).run
        if run.status is RunStatus.CANCELLED:
            self.finisher.start_notifying(run, engine)
            signal_best_effort(
                "release", lambda: engine.release(run.shard, run.run_id, run.next_attempt)
            )
        if run.attempts and RunStatus.RUNNING in {run.status, before.run.status}:
            signal_best_effort("wake", lambda: engine.wake(run.run_id, len(run.attempts)))
        return run

    def skip_replaced(self, run_id: RunId, *, by: datetime, engine: Engine) -> None:
        """Skip a run that has not begun, because a newer fire time replaces it.

        A run that has begun or ended meanwhile stays as it is.
        """
        reason = f"Skipped: the run of {by:%Y-%m-%dT%H:%M:%SZ} replaces it (overlap KeepNewest)."
        outcome = Outcome(status=RunStatus.SKIPPED, reason=reason, skip=Skip(kind=SkipKind.OVERLAP))

        def skipped(run: TaskRun) -> TaskRun | None:
            if run.status is not RunStatus.QUEUED or run.attempts:
                return None
            return finish(run, outcome, at=self.clock(), actor=SYSTEM_ACTOR)

        run = self.store.update(self.store.read(run_id), skipped).run
        if run.status is RunStatus.SKIPPED:
            self.finisher.start_notifying(run, engine)
            signal_best_effort(
                "release", lambda: engine.release(run.shard, run.run_id, run.next_attempt)
            )

    def _cancelled(self, run: TaskRun, actor: str) -> TaskRun | None:
        now, attempt = self.clock(), run.attempt
        if run.status is RunStatus.QUEUED:
            when = "while it waited for its next attempt" if run.attempts else "before it started"
            outcome = Outcome(status=RunStatus.CANCELLED, reason=f"Cancelled {when}.")
            return finish(run, outcome, at=now, actor=actor)
        if run.status is not RunStatus.RUNNING or run.cancel_requested is not None:
            return None
        asked = request_cancel(run, at=now, actor=actor)
        if attempt is None or attempt.may_be_sent:
            return asked
        return finish(asked, cancelled_before_submit(asked), at=now, actor=actor)

    def with_parents(self, task: Task, spec: RunSpec) -> RunSpec:
        """Add the upstream outputs that a run without a gate needs.

        They come from the newest successes and the newest windows. A backfilled run takes the
        windows of its scheduled time later.
        """
        spec = self._with_successes(with_takes(task, Take.EACH, Take.NEWEST), spec)
        if spec.trigger_type is TriggerType.BACKFILL:
            return spec
        return self.window_values.by_hand(task, spec)

    def _with_successes(self, task: Task, spec: RunSpec) -> RunSpec:
        """Add the outputs of the newest successes of the upstreams of a Task."""
        upstreams = needed_parents(task, spec.parameters)
        if not upstreams:
            return spec
        tasks = {name: self.definitions.task(name) for name in upstreams}
        found = {name: newest_success(self.runs, task) for name, task in tasks.items()}
        parents = {name: [run] for name, run in found.items() if run is not None}
        job = self.definitions.job(task.job)
        mapped = mapped_values(task, job, parents, spec.parameters)
        return replace(
            spec,
            parameters={**spec.parameters, **mapped},
            mapped_inputs={**spec.mapped_inputs, **mapped_inputs(task, parents, mapped)},
            parents=(
                *spec.parents,
                *(
                    Parent(task=name, run_id=run.run_id)
                    for name, runs in parents.items()
                    for run in runs
                ),
            ),
        )


def _spec(run_id: RunId, request: RunRequest) -> RunSpec:
    former = request.rerun_of
    return RunSpec(
        run_id=run_id,
        trigger_type=request.trigger_type,
        actor=request.actor,
        parameters=request.parameters,
        priority=request.priority,
        rerun_of=former and former.run_id,
        repairs=request.repairs,
        schedule=former and former.schedule,
        schedule_id=former and former.schedule_id,
        scheduled_time=former and former.variable_time,
        arrival=former and former.arrival,
        time_zone=former and former.time_zone,
        mapped_inputs={} if former is None else _kept_sources(former, request),
        parents=former.parents if former is not None else (),
        request_digest=request.digest,
        fan_out=request.downstream,
        repeats=_repeated_by(request),
    )


def _of_events(run: TaskRun) -> list[str]:
    """Return the parameters of a run whose values name facts of its events."""
    return [
        name
        for name, value in run.parameters.items()
        if run.arrival is not None and isinstance(value, str) and names_facts(value)
    ]


def _kept_sources(former: TaskRun, request: RunRequest) -> Mapping[str, MappedInput]:
    """Return the sources of the inputs that the new run takes over unchanged."""
    return {
        name: source
        for name, source in former.mapped_inputs.items()
        if request.parameters.get(name) == former.parameters.get(name)
    }


def _repeated_by(request: RunRequest) -> tuple[RunId, ...]:
    """Return the graph runs that a rerun repeats from its Task downstream."""
    former = request.rerun_of
    if former is None or not request.downstream:
        return ()
    return tuple(dict.fromkeys([*(root.run_id for root in former.roots), *former.repeats]))
