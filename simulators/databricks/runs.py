"""Defines Databricks runs and tasks, and derives a run's state from task states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from simulators.databricks.compute import Compute
from simulators.databricks.notebooks.driver import Ended
from simulators.databricks.notebooks.notebook import Ending, Outcome
from simulators.databricks.submission import Submission, TaskSpec

WORKLOAD_FAILED = "Workload failed, see run output for details"


class LifeCycle(StrEnum):
    """The life-cycle states of a run, with the values of the API."""

    BLOCKED = "BLOCKED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Result(StrEnum):
    """The results of a run, with the values of the API."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    EXCLUDED = "EXCLUDED"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of a run or a task."""

    life_cycle: LifeCycle
    result: Result | None = None
    message: str = ""
    code: str = "SUCCESS"
    """The termination code; valid with a result."""

    @property
    def is_final(self) -> bool:
        """True if the state is terminal."""
        return self.life_cycle in {LifeCycle.TERMINATED, LifeCycle.INTERNAL_ERROR}


BLOCKED = State(life_cycle=LifeCycle.BLOCKED)
PENDING = State(life_cycle=LifeCycle.PENDING, message="Waiting for cluster")
RUNNING = State(life_cycle=LifeCycle.RUNNING, message="In run")
TERMINATING = State(life_cycle=LifeCycle.TERMINATING, message="Terminating")
SUCCEEDED = State(life_cycle=LifeCycle.TERMINATED, result=Result.SUCCESS)
WITH_FAILURES = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.SUCCESS_WITH_FAILURES,
    message="The last tasks succeeded, but some tasks failed.",
    code="SUCCESS_WITH_FAILURES",
)
UPSTREAM_FAILED = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.UPSTREAM_FAILED,
    message="An upstream task failed.",
    code="SKIPPED",
)
EXCLUDED = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.EXCLUDED,
    message="The condition of run_if is not met.",
    code="SKIPPED",
)
CANCELED = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.CANCELED,
    message="Run cancelled by the user.",
    code="USER_CANCELED",
)
TIMED_OUT = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.TIMEDOUT,
    message="Run exceeded its timeout.",
    code="CANCELED",
)
FAILED = State(
    life_cycle=LifeCycle.TERMINATED,
    result=Result.FAILED,
    message=WORKLOAD_FAILED,
    code="RUN_EXECUTION_ERROR",
)


def internal_error(message: str, code: str) -> State:
    """Return the state of a run that the service could not execute."""
    return State(
        life_cycle=LifeCycle.INTERNAL_ERROR, result=Result.FAILED, message=message, code=code
    )


def notebook_missing(path: str) -> State:
    """Return the state of a run whose notebook does not exist."""
    message = (
        f'Unable to access the notebook "{path}". Either it does not exist, or the identity '
        "used to run this job lacks the required permissions."
    )
    return internal_error(message, "RESOURCE_NOT_FOUND")


def unmet_state(run_if: str, upstream: Sequence[Result | None]) -> State | None:
    """Return the final state of a task whose condition is not met; None if it may run."""
    if not upstream:
        return None
    if all(each is Result.EXCLUDED for each in upstream):
        return EXCLUDED
    succeeded = [each in {Result.SUCCESS, Result.EXCLUDED} for each in upstream]
    is_met = {
        "ALL_SUCCESS": all(succeeded),
        "ALL_DONE": True,
        "NONE_FAILED": all(succeeded),
        "AT_LEAST_ONE_SUCCESS": Result.SUCCESS in upstream,
        "AT_LEAST_ONE_FAILED": not all(succeeded),
        "ALL_FAILED": not any(succeeded),
    }[run_if]
    if is_met:
        return None
    return UPSTREAM_FAILED if run_if == "ALL_SUCCESS" else EXCLUDED


def state_after(ended: Ended) -> State:
    """Return the final state of a task after the end of its process."""
    if ended.outcome is None or ended.outcome.ending is Ending.FAILURE:
        return FAILED
    return SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One task of a run. Times are epoch milliseconds; 0 means not yet."""

    run_id: int
    spec: TaskSpec
    state: State
    submitted_at: int
    running_since: int = 0
    ended_at: int = 0
    outcome: Outcome | None = None
    attempt_number: int = 0
    pid: int = 0
    cpu_seconds: float = 0.0

    def enter(self, state: State, *, at: int) -> TaskRun:
        """Return the task in a new state; the first final state never changes."""
        if self.state.is_final:
            return self
        return replace(
            self,
            state=state,
            running_since=at if state.life_cycle is LifeCycle.RUNNING else self.running_since,
            ended_at=at if state.is_final else 0,
        )

    def finish(self, ended: Ended) -> TaskRun:
        """Return the task with the outcome of its process and an unchanged state."""
        outcome = ended.outcome or Outcome(ending=Ending.FAILURE, error=ended.death)
        return replace(self, outcome=outcome, cpu_seconds=ended.cpu_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The original execution of a run, or one repair of it."""

    repair_id: int | None
    """None for the original execution."""
    started_at: int
    task_run_ids: tuple[int, ...]
    ended_at: int = 0
    state: State | None = None
    """None while the part is under way."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One submitted run; only its tasks and its repairs change."""

    run_id: int
    job_id: int
    submission: Submission
    submitted_at: int
    creator: str
    tasks: dict[str, TaskRun]
    parts: list[Part] = field(default_factory=list[Part])
    """The original execution and the repairs, oldest first; empty before the first repair."""
    replaced: list[TaskRun] = field(default_factory=list[TaskRun])
    """The task runs that a repair replaced."""

    @property
    def state(self) -> State:
        """The state of the run, derived from its tasks."""
        states = [task.state for task in self.tasks.values()]
        if len(states) == 1:
            return states[0]
        if all(state.is_final for state in states):
            return self._final_state()
        words = {state.life_cycle for state in states}
        if LifeCycle.TERMINATING in words:
            return TERMINATING
        return PENDING if words <= {LifeCycle.PENDING, LifeCycle.BLOCKED} else RUNNING

    def _final_state(self) -> State:
        before = {name for task in self.tasks.values() for name in task.spec.depends_on}
        last = [task.state.result for key, task in self.tasks.items() if key not in before]
        if all(each in {Result.SUCCESS, Result.EXCLUDED} for each in last):
            results = {task.state.result for task in self.tasks.values()}
            return SUCCEEDED if results <= {Result.SUCCESS, Result.EXCLUDED} else WITH_FAILURES
        for result in (Result.CANCELED, Result.TIMEDOUT, Result.FAILED):
            for key, task in self.tasks.items():
                if task.state.result is result:
                    message = f"Task {key} ended as {result}: {task.state.message}"
                    return State(
                        life_cycle=LifeCycle.TERMINATED,
                        result=result,
                        message=message,
                        code=task.state.code,
                    )
        return SUCCEEDED

    @property
    def ended_at(self) -> int:
        """The end time of the last task, or 0."""
        ended = self.state.is_final
        return max(task.ended_at for task in self.tasks.values()) if ended else 0

    def task_by_id(self, run_id: int) -> TaskRun | None:
        """Return the task with a run id; None if the run has none."""
        known = (*self.tasks.values(), *self.replaced)
        return next((task for task in known if task.run_id == run_id), None)

    @property
    def latest_repair(self) -> int | None:
        """The id of the latest repair."""
        return self.parts[-1].repair_id if self.parts else None

    @property
    def history(self) -> list[Part]:
        """The original execution and the repairs, each with its state."""
        original = Part(
            repair_id=None,
            started_at=self.submitted_at,
            task_run_ids=tuple(task.run_id for task in self.tasks.values()),
        )
        *ended, last = self.parts or [original]
        if last.state is None:
            last = replace(last, state=self.state, ended_at=self.ended_at)
        return [*ended, last]

    def end_part(self) -> None:
        """Keep the state of the last repair, which has ended."""
        if self.parts:
            self.parts = self.history


def run_to_record(run: Run) -> dict[str, Any]:
    """Return a run as JSON for the log."""
    return asdict(run)


def run_from_record(record: Mapping[str, Any]) -> Run:
    """Return the run from the JSON of `run_to_record`."""
    submission = record["submission"]
    specs = tuple(_task_spec(spec) for spec in submission["tasks"])
    return Run(
        **{
            **record,
            "submission": Submission(**{**submission, "tasks": specs}),
            "tasks": {key: _task_run(task) for key, task in record["tasks"].items()},
            "parts": [_part(part) for part in record["parts"]],
            "replaced": [_task_run(task) for task in record["replaced"]],
        }
    )


def _task_spec(record: Mapping[str, Any]) -> TaskSpec:
    compute = Compute(**record["compute"])
    return TaskSpec(**{**record, "compute": compute, "depends_on": tuple(record["depends_on"])})


def _part(record: Mapping[str, Any]) -> Part:
    state = None if record["state"] is None else _state(record["state"])
    return Part(**{**record, "task_run_ids": tuple(record["task_run_ids"]), "state": state})


def _state(record: Mapping[str, Any]) -> State:
    result = Result(record["result"]) if record["result"] else None
    return State(**{**record, "life_cycle": LifeCycle(record["life_cycle"]), "result": result})


def _task_run(record: Mapping[str, Any]) -> TaskRun:
    return TaskRun(
        **{
            **record,
            "spec": _task_spec(record["spec"]),
            "state": _state(record["state"]),
            "outcome": Outcome.from_json(record["outcome"]) if record["outcome"] else None,
        }
    )
