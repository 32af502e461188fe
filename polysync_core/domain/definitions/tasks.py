"""Defines Tasks, which run Jobs with schedules, dependencies, mappings and retries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.clock import ZoneName
from polysync_core.domain.deadlines.expectation import Expectation
from polysync_core.domain.definitions.base import (
    MAX_PARAMETERS,
    Definition,
    Line,
    ObjectName,
    Tags,
    Value,
    refuse,
)
from polysync_core.domain.definitions.schedules import Overlap, Schedule
from polysync_core.domain.dependencies.conditions import (
    DEFAULT_CONDITIONS,
    Conditions,
    outcomes_of,
)
from polysync_core.domain.dependencies.expressions import ValueCondition
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.status import RunStatus

_YEAR = 365 * 24 * 3600
_DAY = 24 * 3600
_FEW = 100
DEFAULT_PRIORITY = 100
"""The default priority of a run."""


class Join(StrEnum):
    """The number of dependencies of a Task whose conditions must be met."""

    ALL = "All"
    """Every dependency is met."""
    ANY = "Any"
    """At least one dependency is met, after all upstreams of the graph run have ended."""
    ALL_DONE = "AllDone"
    """All upstreams have ended, with any outcome."""


class Take(StrEnum):
    """The outcomes of an upstream that a dependency uses."""

    EACH = "Each"
    """Every outcome starts the Task once, the oldest first."""
    NEWEST = "Newest"
    """The newest outcome counts; it does not start the Task and may be used repeatedly."""
    WINDOW = "Window"
    """The outcomes of all fire times of the upstream since the Task's fire time before."""


class Mapping(Value):
    """Copies an output of the upstream run into an input of this Task's run."""

    output: Annotated[Line, StringConstraints(min_length=1, max_length=255)]
    input: Annotated[Line, StringConstraints(min_length=1, max_length=255)]


class Dependency(Value):
    """An edge of the graph: an upstream Task and the required outcome."""

    task: ObjectName
    conditions: Annotated[
        Conditions, Field(alias="condition", json_schema_extra={"default": "OnSuccess"})
    ] = DEFAULT_CONDITIONS
    """One condition, or a list of conditions of which one must be met."""
    when: Annotated[
        ValueCondition | None, Field(json_schema_extra={"examples": ["row_count > 0"]})
    ] = None
    """An expression over the outputs of the upstream run, as `row_count > 0`."""
    take: Take = Take.EACH
    """The outcomes that are used, if the upstream belongs to another graph run."""
    within_seconds: Annotated[int, Field(ge=1, le=_YEAR)] | None = None
    """With Newest, the maximum age of the outcome. With Window, the maximum wait for outcomes."""
    mappings: Annotated[tuple[Mapping, ...], Field(max_length=_FEW)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.when is not None and self.outcomes != outcomes_of(DEFAULT_CONDITIONS):
            refuse("when", "needs the condition OnSuccess: only a successful run has outputs")
        if self.within_seconds is not None and self.take is Take.EACH:
            refuse("withinSeconds", "needs take: Newest or Window")
        if self.mappings and RunStatus.SUCCEEDED not in self.outcomes:
            ended = " or ".join(sorted(each.lower() for each in self.outcomes))
            refuse("mappings", f"a {ended} run has no outputs: remove the mappings")
        return self

    @property
    def outcomes(self) -> frozenset[RunStatus]:
        """The final outcomes of the upstream that meet the dependency."""
        return outcomes_of(self.conditions)


class Backoff(StrEnum):
    """The growth of the delay before retry n, from the initial delay d."""

    FIXED = "Fixed"
    """d"""
    LINEAR = "Linear"
    """d * n"""
    EXPONENTIAL = "Exponential"
    """d * 2^(n-1)"""


class Retry(Value):
    """The retry policy of failed attempts."""

    enabled: bool = False
    max_retry_attempts: Annotated[int, Field(ge=0, le=100)] = 1
    """Maximum number of retries before the run fails."""
    backoff: Backoff = Backoff.FIXED
    initial_delay_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 30
    max_delay_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 600
    jitter: bool = False
    """Shortens each delay by a random part, so that runs do not retry at the same time."""
    max_infrastructure_attempts: Annotated[int, Field(ge=0, le=100)] | None = None
    """Separate retry budget for infrastructure failures; empty = they count in
    `maxRetryAttempts`."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.max_delay_seconds < self.initial_delay_seconds:
            refuse("maxDelaySeconds", "must not be less than initialDelaySeconds")
        return self


class Task(Definition):
    """A configured instance of a Job: values, schedules, dependencies, retry and limits."""

    job: ObjectName
    parameters: Annotated[dict[str, JsonValue], Field(max_length=MAX_PARAMETERS)] = Field(
        default_factory=dict
    )
    """Literals, `vault://…` references, or texts with `${run.…}` in them."""
    time_zone: ZoneName | None = None
    """The zone of `${run.scheduledTime:…}` in every run; empty = that of the schedules."""
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=_FEW)] = ()
    arrivals: Annotated[tuple[Arrival, ...], Field(max_length=20)] = ()
    """Events that start the Task, such as new files."""
    dependencies: Annotated[tuple[Dependency, ...], Field(max_length=200)] = ()
    join: Join = Join.ALL
    """The number of dependencies that must be met."""
    depends_on_past: bool = False
    """True if a scheduled run starts only after the run of the fire time before succeeded."""
    retry: Retry = Retry()
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = DEFAULT_PRIORITY
    """A run with a higher priority starts first."""
    execution_timeout_seconds: Annotated[int, Field(ge=1, le=_YEAR)] | None = None
    max_concurrent_runs: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    contention_profiles: Annotated[tuple[ObjectName, ...], Field(max_length=_FEW)] = ()
    """Applied in addition to the profiles of the Platform."""
    weight: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Number of slots of a concurrency profile that one run takes."""
    expect: Expectation | None = None
    """The deadlines of the runs; empty = none."""
    enabled: bool = True
    tags: Tags = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_repeated("schedules", "name", [each.name for each in self.schedules])
        _refuse_repeated("schedules", "id", [each.identity for each in self.schedules])
        _refuse_repeated("arrivals", "name", [each.name for each in self.arrivals])
        _refuse_repeated("contentionProfiles", "", self.contention_profiles)
        self._check_upstreams()
        self._check_start()
        self._check_past()
        self._check_inputs()
        self._check_expectation()
        return self

    def _check_upstreams(self) -> None:
        """Refuse dependencies on one upstream that repeat or contradict each other."""
        for index, each in enumerate(self.dependencies):
            path = f"dependencies[{index}]"
            before = [other for other in self.dependencies[:index] if other.task == each.task]
            outcomes = [other.outcomes for other in before]
            if each.outcomes in outcomes:
                refuse(f"{path}.task", f"'{each.task}' is duplicated")
            if self.join is Join.ALL and not each.outcomes.intersection(*outcomes):
                refuse(
                    f"{path}.condition",
                    f"contradicts another dependency on '{each.task}': "
                    "write a list of conditions, or set join to Any",
                )
            if any((o.take, o.within_seconds) != (each.take, each.within_seconds) for o in before):
                refuse(f"{path}.take", f"must be the same in all dependencies on '{each.task}'")
            if each.when is not None and self.join is Join.ALL_DONE:
                refuse(f"{path}.when", "has no effect with the join AllDone: remove it")

    def _check_start(self) -> None:
        """Refuse a Task without a schedule whose dependencies need one to start the Task."""
        if self.schedules or not self.dependencies:
            return
        for index, each in enumerate(self.dependencies):
            if each.take is Take.WINDOW:
                refuse(
                    f"dependencies[{index}].take",
                    "a window lies between two fire times of this task: add a schedule, or set "
                    "take to Each or Newest",
                )
        if not self.arrivals and all(each.take is Take.NEWEST for each in self.dependencies):
            refuse(
                "dependencies[0].take",
                "a newest outcome starts no run: add a schedule, an arrival or a dependency with "
                "take: Each",
            )

    def _check_past(self) -> None:
        """Refuse a dependency on the past that can never hold."""
        if not self.depends_on_past:
            return
        if not self.schedules:
            refuse("dependsOnPast", "needs a schedule of this task, which orders its runs")
        for index, each in enumerate(self.schedules):
            if each.overlap is Overlap.CANCEL_RUNNING:
                refuse(
                    f"schedules[{index}].overlap",
                    "CancelRunning contradicts dependsOnPast: a cancelled run blocks the next one",
                )

    def _check_inputs(self) -> None:
        """Refuse an input that would take several outputs at once.

        With the join `Any`, each upstream may map the same input: the first that is met counts.
        """
        seen: set[str] = set()
        for edge, dependency in enumerate(self.dependencies):
            own: set[str] = set()
            for number, mapping in enumerate(dependency.mappings):
                name = mapping.input
                if name in (own if self.join is Join.ANY else seen):
                    path = f"dependencies[{edge}].mappings[{number}].input"
                    refuse(path, f"'{name}' is mapped already: an input takes one output only")
                own.add(name)
                seen.add(name)

    def _check_expectation(self) -> None:
        """Refuse deadlines that nothing in the Task defines."""
        expect = self.expect
        if expect is None:
            return
        if expect.finished_by is not None and self.deadline_zone is None:
            refuse(
                "expect.timeZone",
                "is missing, and neither the task nor its schedules share a zone: "
                "set it, such as Europe/Berlin",
            )
        if expect.started_within_seconds is None:
            return
        if not self.schedules:
            refuse(
                "expect.startedWithinSeconds",
                "counts from a fire time, and the task has no schedule: "
                "add a schedule, or use finishedBy",
            )
        for schedule in self.schedules:
            if expect.started_within_seconds <= schedule.jitter_seconds:
                refuse(
                    "expect.startedWithinSeconds",
                    f"must be more than the jitterSeconds of schedule '{schedule.name}', "
                    f"which are {schedule.jitter_seconds}",
                )

    @property
    def deadline_zone(self) -> str | None:
        """The time zone of `finishedBy`."""
        return (self.expect and self.expect.time_zone) or self.own_zone

    @property
    def given_parameters(self) -> frozenset[str]:
        """The names of the parameters that the Task, its starts or its mappings set."""
        names = set(self.parameters)
        names.update(name for schedule in self.schedules for name in schedule.parameters)
        names.update(name for arrival in self.arrivals for name in arrival.parameters)
        mappings = (each for edge in self.dependencies for each in edge.mappings)
        names.update(mapping.input for mapping in mappings)
        return frozenset(names)

    @property
    def own_zone(self) -> str | None:
        """The time zone of the Task, or the zone that all of its schedules share.

        Disabled schedules count, so a pause does not change the meaning of a value.
        """
        zones = {schedule.time_zone for schedule in self.schedules}
        return self.time_zone or (zones.pop() if len(zones) == 1 else None)


def _refuse_repeated(field: str, part: str, names: Sequence[str]) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        second = [index for index, each in enumerate(names) if each == name][1]
        refuse(f"{field}[{second}]{'.' if part else ''}{part}", f"'{name}' is duplicated")
