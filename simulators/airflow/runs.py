"""Computes the states of simulated DAG runs from scripts and elapsed time.

The tasks of a DAG run one after the other, in the order of the script.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.serving import Refusal

QUEUE = timedelta(milliseconds=20)
ENDED = frozenset({"success", "failed"})


class TaskScript(BaseModel):
    """One task of a DAG."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_id: str
    downstream: tuple[str, ...] = ()
    seconds: float | None = 0.0
    """None: the task runs until its run is stopped."""
    outcome: Literal["success", "failed"] = "success"
    return_value: Any = None
    log: str = ""
    retries: int = 0


class DagScript(BaseModel):
    """A DAG, with its parameters in the form of `Param`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: tuple[TaskScript, ...] = (TaskScript(task_id="only"),)
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)
    description: str | None = None
    is_paused: bool = False
    is_active: bool = True
    has_import_errors: bool = False
    max_active_runs: int = 16


@dataclass(frozen=True, slots=True)
class TaskState:
    """The state of one task of a run at a moment."""

    script: TaskScript
    state: str | None
    tries: int
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of a DAG."""

    dag_id: str
    dag: DagScript
    run_id: str
    conf: Mapping[str, Any]
    logical_date: datetime | None
    note: str | None
    queued: datetime
    kept: dict[str, TaskState] = field(default_factory=dict[str, TaskState])
    """The tasks that ended before the last clearing, and do not run again."""
    tries: dict[str, int] = field(default_factory=dict[str, int])
    """The tries of each task before the last clearing."""
    set_state: tuple[str, datetime] | None = None
    """The state that a caller set, and its time."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def tasks(self, now: datetime) -> Iterator[TaskState]:
        """Yield the states of all tasks."""
        moment: datetime | None = self.queued + QUEUE
        failed = self.dag.is_paused
        stopped = self.set_state[1] if self.set_state else None
        until = min(now, stopped) if stopped else now
        for script in self.dag.tasks:
            if script.task_id in self.kept:
                yield self.kept[script.task_id]
                continue
            before = self.tries.get(script.task_id, 0)
            if failed or moment is None:
                waits = None if self.dag.is_paused or moment is None else "upstream_failed"
                yield TaskState(script, waits, before)
                continue
            end = None if script.seconds is None else moment + timedelta(seconds=script.seconds)
            if until < moment:
                yield TaskState(script, None, before)
                moment = None
            elif end is None or until < end:
                yield TaskState(script, "failed" if stopped else "running", before + 1, moment)
                moment = None
            else:
                tries = before + (script.retries if script.outcome == "failed" else 0) + 1
                yield TaskState(script, script.outcome, tries, moment, end)
                failed = script.outcome == "failed"
                moment = end

    def state(self, now: datetime) -> str:
        """Return the state of the run."""
        if self.set_state is not None and self.set_state[0] in ENDED:
            return self.set_state[0]
        if self.dag.is_paused or now < self.queued + QUEUE:
            return "queued"
        states = [task.state for task in self.tasks(now)]
        if "failed" in states:
            return "failed"
        return "success" if all(state == "success" for state in states) else "running"

    def times(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the start and the end of the run; None for a moment that has not come."""
        state = self.state(now)
        if state == "queued":
            return None, None
        started = self.queued + QUEUE
        if state not in ENDED:
            return started, None
        if self.set_state is not None:
            return started, self.set_state[1]
        return started, max((t.ended for t in self.tasks(now) if t.ended), default=started)

    def clear_failed(self, now: datetime) -> list[TaskState]:
        """Run the failed tasks again; return them."""
        tasks = list(self.tasks(now))
        cleared = [task for task in tasks if task.state in {"failed", "upstream_failed"}]
        self.kept = {t.script.task_id: t for t in tasks if t.state == "success"}
        self.tries = {t.script.task_id: t.tries for t in cleared}
        self.queued, self.set_state = now, None
        return cleared


def checked_conf(dag: DagScript, conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a run; raise `Refusal` if one does not fit its schema."""
    values = {name: about.get("value") for name, about in dag.params.items()} | dict(conf)
    for name, about in dag.params.items():
        wanted: Any = (about.get("schema") or {}).get("type")
        types: list[str] = wanted if isinstance(wanted, list) else [wanted]
        if wanted is not None and not any(_fits(values[name], each) for each in types):
            message = f"Invalid input for param {name}: {values[name]!r} is not of type {wanted!r}"
            raise Refusal(400, "Bad Request", message)
    return values


def _fits(value: Any, name: str) -> bool:
    types: dict[str, tuple[type, ...]] = {
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "object": (dict,),
        "array": (list,),
        "null": (type(None),),
    }
    return isinstance(value, types[name]) and (name == "boolean" or not isinstance(value, bool))


def instance_id(run: Run, task: TaskState) -> str:
    """Return the id of a task instance."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run.dag_id}/{run.run_id}/{task.script.task_id}"))


def stamp(moment: datetime | None) -> str | None:
    """Return a time in the format of Airflow."""
    return None if moment is None else moment.astimezone(UTC).isoformat()
