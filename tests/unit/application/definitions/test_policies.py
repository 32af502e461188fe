"""Tests that the policies of a Dispatcher follow the definitions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.definitions.policies import Policies, PolicyUpdates
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference, read_definition
from polysync_core.domain.dispatch.policies import ConcurrencyRule, PolicySet, StartRateRule
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.timed_cache import DEFINITION_TTL
from tests.fakes.builders import NOON
from tests.fakes.definitions import FakeDefinitions
from tests.fakes.engine import FakeEngine

CAP = Reference(Kind.CONTENTION_PROFILE, "cap")


class World:
    def __init__(self) -> None:
        self.store, self.engine, self.seconds = FakeDefinitions(), FakeEngine(), 0.0
        self.policies = Policies(self.store.get, monotonic=lambda: self.seconds)
        self.updates = PolicyUpdates(self.policies, lambda: ["main"])
        self.put(Kind.CONTENTION_PROFILE, "cap", **concurrency(1))
        self.put(
            Kind.PLATFORM,
            "lakehouse",
            type="AzureDatabricks",
            auth={"method": "DefaultCredential"},
            contentionProfiles=["cap"],
        )
        self.put(Kind.TASK, "daily", job="load", weight=2)

    def put(self, kind: Kind, name: str, **content: Any) -> None:
        before = self.store.get(kind, name)
        definition = read_definition(kind, {"name": name, **content})
        self.store.put(definition, replacing=before)

    def enqueue(self, name: str) -> None:
        waiting = WaitingRun(
            run_id=RunId(name),
            attempt=1,
            task="daily",
            platform="lakehouse",
            priority=0,
            queued_at=NOON,
        )
        self.engine.enqueue("main", waiting, self.policies.for_run("daily", "lakehouse"))


def concurrency(slots: int, **settings: Any) -> dict[str, Any]:
    return {"type": "Concurrency", "settings": {"maxConcurrentTasks": slots, **settings}}


@pytest.fixture
def world() -> World:
    return World()


def test_the_policies_of_a_run_hold_the_limits_of_its_task_and_platform(world: World) -> None:
    found = world.policies.for_run("daily", "lakehouse")
    assert found.tasks["daily"].weight == 2
    assert found.platforms["lakehouse"].profiles == ("cap",)
    assert found.profiles["cap"].rule == ConcurrencyRule(slots=1)


def test_many_accepted_runs_read_each_definition_once(world: World) -> None:
    reads = world.store.reads
    for _ in range(5):
        world.policies.for_run("daily", "lakehouse")
    assert world.store.reads - reads == 3
    world.seconds = DEFINITION_TTL
    world.policies.for_run("daily", "lakehouse")
    assert world.store.reads - reads == 6


def test_an_edit_applies_at_once_to_waiting_runs(world: World) -> None:
    world.enqueue("a")
    world.enqueue("b")
    assert (RunId("b"), 1) not in world.engine.live
    world.put(Kind.CONTENTION_PROFILE, "cap", **concurrency(4))
    world.updates.publish([CAP], world.engine)
    assert (RunId("b"), 1) in world.engine.live


def test_an_edit_takes_effect_later_if_the_engine_cannot_be_signalled(world: World) -> None:
    world.engine.unavailable = True
    world.policies.for_run("daily", "lakehouse")
    world.put(Kind.CONTENTION_PROFILE, "cap", **concurrency(4))
    world.updates.publish([CAP], world.engine)
    world.updates.publish([CAP], None)
    assert world.policies.for_run("daily", "lakehouse").profiles["cap"].rule == ConcurrencyRule(
        slots=4
    )


def test_edits_of_definitions_without_limits_are_not_sent(world: World) -> None:
    world.enqueue("a")
    world.engine.unavailable = True
    world.updates.publish([Reference(Kind.JOB, "load")], world.engine)
    assert world.policies.for_definitions([Reference(Kind.JOB, "load")]) == PolicySet()


def test_the_tick_reads_all_policies_in_use_again(world: World) -> None:
    world.enqueue("a")
    world.put(Kind.CONTENTION_PROFILE, "cap", **concurrency(7))
    found = world.policies.refreshed(world.engine.dispatcher("main"))
    assert found.profiles["cap"].rule == ConcurrencyRule(slots=7)


def test_the_limits_of_a_profile_are_in_milliseconds(world: World) -> None:
    world.put(
        Kind.CONTENTION_PROFILE,
        "rate",
        type="RateLimit",
        scope="Global",
        settings={
            "limit": 30,
            "windowSeconds": 60,
            "burst": 5,
            "refillIntervalSeconds": 1.5,
            "queueTimeoutSeconds": 9,
        },
    )
    found = world.policies.for_definitions([Reference(Kind.CONTENTION_PROFILE, "rate")])
    rate = found.profiles["rate"]
    assert rate.rule == StartRateRule(limit=30, window=60_000, burst=5, refill=1_500)
    assert (rate.is_global, rate.queue_timeout) == (True, 9_000)
