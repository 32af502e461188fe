"""Defines the edges of a gate, and its tokens: upstream outcomes and fire times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from polysync_core.domain.definitions.tasks import Join, Task
from polysync_core.domain.dependencies.conditions import (
    DEFAULT_CONDITIONS,
    Condition,
    outcomes_of,
)
from polysync_core.domain.errors import Broken
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import Origin, RunStatus, TaskRun
from polysync_core.domain.runs.skip import RootCause, Skip

SCHEDULE = "@schedule"
"""The edge of a Task's own schedules; no Task can have this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledFire:
    """A fire time of a schedule of the dependent Task itself."""

    schedule: str
    scheduled_time: datetime
    time_zone: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


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
    fire: ScheduledFire | None = None
    skip: Skip | None = None
    """The reason why the upstream run was skipped."""

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
class GateEdge:
    """An input of a gate: an upstream and the outcomes that meet its dependencies."""

    upstream: str
    conditions: tuple[Condition, ...]
    outcomes: frozenset[RunStatus]

    def is_met_by(self, token: Token) -> bool:
        """Return True if an outcome meets the dependencies on the upstream."""
        return token.status in self.outcomes


_SCHEDULE_EDGE = GateEdge(
    upstream=SCHEDULE,
    conditions=DEFAULT_CONDITIONS,
    outcomes=outcomes_of(DEFAULT_CONDITIONS),
)


def edges_of(task: Task) -> tuple[GateEdge, ...]:
    """Return the edges of the gate of a Task; a Task without dependencies has none.

    Several dependencies on one upstream are one edge. The enabled schedules of the Task are one
    more edge.
    """
    upstreams = dict.fromkeys(each.task for each in task.dependencies)
    edges = [_edge(task, upstream) for upstream in upstreams]
    if edges and any(schedule.enabled for schedule in task.schedules):
        edges.append(_SCHEDULE_EDGE)
    return tuple(edges)


def _edge(task: Task, upstream: str) -> GateEdge:
    """Return the edge of an upstream: with the join `All`, all of its dependencies must be met."""
    dependencies = [each for each in task.dependencies if each.task == upstream]
    conditions = dict.fromkeys(each for one in dependencies for each in one.conditions)
    outcomes = [each.outcomes for each in dependencies]
    if task.join is Join.ALL_DONE:
        outcomes = [outcomes_of([Condition.ALWAYS])]
    first = outcomes[0]
    combine = first.intersection if task.join is Join.ALL else first.union
    return GateEdge(upstream=upstream, conditions=tuple(conditions), outcomes=combine(*outcomes))


def token_of(run: TaskRun) -> Token:
    """Return the token that an ended run adds to the gate of each dependent."""
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
        skip=run.skip,
    )


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
