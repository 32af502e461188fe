"""Defines a model of Azure service limits and operations per run, for capacity estimates.

docs/reference/scale.md explains each number and names its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.runs.polls.plans import FAST, PollPlan

ACCOUNT_RATE = 20_000
"""Requests per second of a storage account."""
PARTITION_RATE = 2_000
"""Entities per second of a table partition."""
QUEUE_RATE = 2_000
"""Messages per second of one queue."""
ENTITY_RATE = 64
"""Operations per second of one entity on Azure Storage."""
CONSUMPTION_RATE = 500
CAPACITY_UNIT_RATE = 2_000
"""Actions per second of the scheduler: of the consumption SKU, and of one capacity unit."""
ACTIVITIES = 24
ORCHESTRATORS = 8
"""`maxConcurrentActivityFunctions` and `maxConcurrentOrchestratorFunctions` of host.json."""

EPISODE_SECONDS = 0.05
CALL_SECONDS = 0.25
TRIP_SECONDS = 0.01
"""Assumed latencies: an episode of an orchestration, an activity, and a request to storage."""
ENTRY_SECONDS = 2e-6
ROUND_SECONDS = 1e-6
"""CPU of the Dispatcher for each entry of its state: to read and write it, and in each round."""
DISPATCHER = "Dispatcher"
MAX_BATCH = 50
"""The operations that one execution of an entity takes together."""


class Engine(StrEnum):
    """The storage of the orchestrations."""

    STORAGE = "Azure Storage"
    CONSUMPTION = "scheduler, consumption"
    DEDICATED = "scheduler, 3 units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One kind of run."""

    name: str
    seconds: float
    plan: PollPlan = FAST

    @property
    def polls(self) -> int:
        """The polls until the end is found, without a learned plan."""
        return self.plan.polls(self.seconds)


SHORT = Work(name="2 s", seconds=2)
LONG = Work(name="10 minutes", seconds=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One app with its accounts."""

    engine: Engine
    apps: int = 1
    """Apps with accounts of their own, among which the Tasks are divided."""
    shards: int = 1
    """The shards of each app."""
    instances: int = 40
    """The instances of each app."""
    partitions: int = 4
    """The control queues of the task hub on Azure Storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The units of a resource for the start of a run and for each poll."""

    start: float
    poll: float

    def of(self, work: Work) -> float:
        """Return the units of a whole run."""
        return self.start + self.poll * work.polls


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A part of an app with a limited rate."""

    name: str
    rate: float
    """Units per second of an app, all shards together."""
    demand: Demand


def resources(deployment: Deployment) -> Iterator[Resource]:
    """Yield the resources of one app that a run needs."""
    instances, shards = deployment.instances, deployment.shards
    yield Resource(name="data account", rate=ACCOUNT_RATE, demand=Demand(start=8, poll=2))
    yield Resource(
        name="partition of the index",
        rate=PARTITION_RATE * shards,
        demand=Demand(start=7, poll=0),
    )
    yield Resource(
        name="CPU of the instances", rate=instances, demand=Demand(start=0.021, poll=0.0103)
    )
    yield Resource(
        name="threads for activities",
        rate=instances * ACTIVITIES,
        demand=Demand(start=CALL_SECONDS, poll=CALL_SECONDS),
    )
    if deployment.engine is Engine.STORAGE:
        yield from _of_storage(deployment)
    else:
        units = {Engine.CONSUMPTION: CONSUMPTION_RATE, Engine.DEDICATED: 3 * CAPACITY_UNIT_RATE}
        rate = units[deployment.engine]
        yield Resource(name="actions of the scheduler", rate=rate, demand=Demand(start=5, poll=3))


def _of_storage(deployment: Deployment) -> Iterator[Resource]:
    partitions = deployment.partitions
    yield Resource(
        name=DISPATCHER,
        rate=ENTITY_RATE * deployment.shards,
        demand=Demand(start=2, poll=0),
    )
    yield Resource(
        name="orchestrators of the partitions",
        rate=partitions * ORCHESTRATORS,
        demand=Demand(start=2 * EPISODE_SECONDS, poll=2 * EPISODE_SECONDS),
    )
    yield Resource(name="engine account", rate=ACCOUNT_RATE, demand=Demand(start=26, poll=15))
    yield Resource(
        name="control queues", rate=QUEUE_RATE * partitions, demand=Demand(start=4, poll=2)
    )
    yield Resource(name="queue of activities", rate=QUEUE_RATE, demand=Demand(start=1, poll=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The largest sustained load of a deployment."""

    runs_per_second: float
    limit: str
    """The resource that is exhausted first."""


def capacities(deployment: Deployment, work: Work) -> list[Capacity]:
    """Return the capacity by each resource, the smallest first."""
    found = [
        Capacity(
            runs_per_second=deployment.apps * each.rate / each.demand.of(work), limit=each.name
        )
        for each in resources(deployment)
    ]
    return sorted(found, key=lambda each: each.runs_per_second)


def batch_seconds(entries: int, operations: int, *, rounds: int) -> float:
    """Return the duration of one batch of a Dispatcher with a state of some entries."""
    reading = 2 * TRIP_SECONDS + ENTRY_SECONDS * entries
    return reading + rounds * ROUND_SECONDS * entries + 1e-5 * operations
