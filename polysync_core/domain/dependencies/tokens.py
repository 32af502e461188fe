"""Defines the tokens of a dependency gate: upstream outcomes and fire times that wait."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from polysync_core.domain.definitions.tasks import Join, Take, Task
from polysync_core.domain.dependencies.conditions import (
    DEFAULT_CONDITIONS,
    Condition,
    condition_text,
    outcomes_of,
)
from polysync_core.domain.dependencies.expressions import Untestable, is_true, output_names
from polysync_core.domain.errors import Broken
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import BackfillId, RunId, derived_run_id
from polysync_core.domain.runs.run import Origin, RunStatus, TaskRun
from polysync_core.domain.runs.skip import RootCause, Skip

SCHEDULE = "@schedule"
"""The edge of a Task's own schedules; no Task can have this name."""
_MAX_OUTPUT = 4000
"""The length of the JSON text of an output that a token keeps."""
_MAX_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledFire:
    """A fire time of a schedule of the dependent Task itself."""

    schedule: str
    scheduled_time: datetime
    time_zone: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue], hash=False)
    schedule_id: str | None = None
    """The identity of the schedule, which survives a rename."""
    since: datetime | None = None
    """The fire time before, at which the interval of this one begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An outcome of an upstream Task, or a fire time, that waits in a gate."""

    edge: str
    """The upstream Task, or `SCHEDULE`."""
    run_id: RunId
    finished_at: datetime
    status: RunStatus
    graph_run_id: RunId
    origins: tuple[Origin, ...] = ()
    """The root runs of the outcome; a fire time has none."""
    repeats: tuple[RunId, ...] = ()
    """The graph runs that the graph run of this token repeats in part."""
    scheduled_time: datetime | None = None
    """The scheduled time of the run, which the dependent run inherits."""
    time_zone: str | None = None
    backfill_id: BackfillId | None = None
    """The backfill that the outcome belongs to; the dependent run shares its limit."""
    backfill_limit: int | None = None
    fire: ScheduledFire | None = None
    skip: Skip | None = None
    """The reason why the upstream run was skipped."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue], hash=False)
    """The outputs that the value conditions of the dependent read."""

    fault: str | None = None
    """The reason why no outcome can meet the dependency: too old, or missing."""
    is_window: bool = False
    """True if the token represents the outcomes of a window."""
    parts: tuple[Token, ...] = ()
    """The outcomes of a window, oldest fire time first."""

    @property
    def outcomes(self) -> tuple[Token, ...]:
        """The token itself, or the outcomes of a window."""
        return self.parts if self.is_window else (self,)

    @property
    def root_cause(self) -> RootCause:
        """The run that causes a skip which follows from this outcome."""
        if self.skip is not None and self.skip.root is not None:
            return self.skip.root
        return RootCause(task=self.edge, run_id=self.run_id, status=self.status)

    @property
    def key(self) -> str:
        """The key in the gate, ordered by edge and age; one outcome has one key."""
        return f"{self.edge}~{milliseconds(self.finished_at):013}~{self.run_id}"

    @property
    def age(self) -> tuple[datetime, RunId]:
        """The sort key from the oldest token to the newest."""
        return self.finished_at, self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A requirement of one dependency on the outcome of its upstream."""

    conditions: tuple[Condition, ...] = DEFAULT_CONDITIONS
    when: str | None = None
    """The value condition that the outputs must meet."""

    def unmet_reason(self, token: Token) -> str | None:
        """Return the end of a sentence about the unmet part; None if all is met."""
        if token.status not in outcomes_of(self.conditions):
            return f"the dependency is {condition_text(self.conditions)}"
        if self.when is None:
            return None
        try:
            if is_true(self.when, token.outputs):
                return None
        except Untestable as error:
            return f"the condition '{self.when}' cannot be tested: {error}"
        names = sorted(output_names(self.when))
        values = ", ".join(f"{name} = {_short(token.outputs[name])}" for name in names)
        return f"the condition '{self.when}' is false ({values})"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEdge:
    """An input of a gate: an upstream and the requirements on its outcome."""

    upstream: str
    requirements: tuple[Requirement, ...] = (Requirement(),)
    take: Take = Take.EACH
    within: timedelta | None = None
    """The maximum age of the newest outcome."""
    needs_all: bool = True
    """True if all requirements must be met; otherwise one suffices."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all requirements."""
        return tuple(dict.fromkeys(each for one in self.requirements for each in one.conditions))

    @property
    def when(self) -> str | None:
        """The value conditions of all requirements, as one text; None without one."""
        return " and ".join(each.when for each in self.requirements if each.when) or None

    def aged(self, newest: Token, at: datetime) -> Token:
        """Return the newest outcome, marked as outdated if it is too old at a time."""
        if self.within is None or newest.finished_at >= at - self.within:
            return newest
        limit = int(self.within.total_seconds())
        return replace(newest, fault=f"this newest outcome is older than {limit} seconds")

    def wait_limit(self, fire: ScheduledFire) -> datetime | None:
        """Return the time after which a fire time waits no longer for its window."""
        waits = self.take is Take.WINDOW and self.within is not None
        return fire.scheduled_time + self.within if waits and self.within is not None else None

    def is_met_by(self, token: Token) -> bool:
        """Return True if an outcome, or each outcome of a window, meets the requirements."""
        if token.fault is not None:
            return False
        if token.is_window:
            return all(map(self.is_met_by, token.parts))
        met = (each.unmet_reason(token) is None for each in self.requirements)
        return all(met) if self.needs_all else any(met)

    def unmet(self, token: Token) -> list[Token]:
        """Return the outcomes of a token that do not meet the requirements."""
        return [each for each in token.outcomes if not self.is_met_by(each)]

    def unmet_reason(self, token: Token) -> str:
        """Return the end of a sentence about the first requirement that is not met."""
        if token.fault is not None:
            return token.fault
        reasons = (each.unmet_reason(token) for each in self.requirements)
        return next(each for each in reasons if each is not None)


def edges_of(task: Task) -> tuple[GateEdge, ...]:
    """Return the edges of the gate of a Task; a Task without dependencies has none.

    Several dependencies on one upstream are one edge. The enabled schedules of the Task are one
    more edge.
    """
    upstreams = dict.fromkeys(each.task for each in task.dependencies)
    edges = [edge_from(upstream, task) for upstream in upstreams]
    if edges and any(schedule.enabled for schedule in task.schedules):
        edges.append(GateEdge(upstream=SCHEDULE))
    return tuple(edges)


def edge_from(upstream: str, task: Task) -> GateEdge:
    """Return the edge from an upstream to a Task; several dependencies on it are one edge."""
    dependencies = [each for each in task.dependencies if each.task == upstream]
    found = [Requirement(conditions=each.conditions, when=each.when) for each in dependencies]
    first = dependencies[0]
    if task.join is Join.ALL_DONE:
        found = [Requirement(conditions=(Condition.ALWAYS,))]
    needs_all = task.join is Join.ALL
    return GateEdge(
        upstream=upstream,
        requirements=tuple(found),
        needs_all=needs_all,
        take=first.take,
        within=None if first.within_seconds is None else timedelta(seconds=first.within_seconds),
    )


def _tested_outputs(task: Task, upstream: str) -> frozenset[str]:
    """Return the outputs of an upstream that the value conditions of a Task read."""
    conditions = [each.when for each in task.dependencies if each.task == upstream and each.when]
    return frozenset[str]().union(*map(output_names, conditions))


def token_of(run: TaskRun, dependent: Task) -> Token:
    """Return the token that an ended run adds to the gate of a dependent."""
    if run.task is None:
        raise Broken("A run of a Job without a Task has no dependents.")
    return Token(
        edge=run.task,
        run_id=run.run_id,
        finished_at=run.finished_at or run.queued_at,
        status=run.status,
        graph_run_id=run.graph_run_id,
        origins=run.roots,
        repeats=run.repeats,
        scheduled_time=run.variable_time,
        time_zone=run.time_zone,
        backfill_id=run.backfill_id,
        backfill_limit=run.backfill_limit,
        skip=run.skip,
        outputs=_kept_outputs(run, _tested_outputs(dependent, run.task)),
    )


def _kept_outputs(run: TaskRun, names: Collection[str]) -> dict[str, JsonValue]:
    """Return the named outputs of a run, unless they are too long for a token."""
    values = {name: run.outputs[name] for name in names if name in run.outputs}
    return {name: value for name, value in values.items() if len(_text(value)) <= _MAX_OUTPUT}


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(value: JsonValue) -> str:
    text = _text(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def token_of_fire_time(task: str, fire: ScheduledFire) -> Token:
    """Return the token that a fire time adds to the gate of its own Task."""
    run_id = derived_run_id("fire-time", task, fire.schedule, fire.scheduled_time.isoformat())
    return Token(
        edge=SCHEDULE,
        run_id=run_id,
        finished_at=fire.scheduled_time,
        status=RunStatus.SUCCEEDED,
        graph_run_id=run_id,
        scheduled_time=fire.scheduled_time,
        time_zone=fire.time_zone,
        fire=fire,
    )


def milliseconds(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
