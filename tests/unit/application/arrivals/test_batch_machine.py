"""Tests that every event is in one run, despite crashes, races and edits.

A sender delivers an event until it is acknowledged, also several times. The model is the set of
events that were sent. At the end, each of them must be in exactly one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, rule

from polysync_core.domain.errors import PolysyncError
from tests.fakes.runs import Crash
from tests.fakes.tables import Call
from tests.unit.application.arrivals.test_batches import World

pytestmark = pytest.mark.slow

FIXED: dict[str, Any] = {"parameters": {"all": "${arrivals.path}"}, "maximumCount": 6}
FILES = st.integers(0, 40)
POINTS = st.integers(1, 50)
ARRIVALS = st.fixed_dictionaries(
    {
        "quietSeconds": st.sampled_from([0, 5, 60]),
        "minimumCount": st.integers(2, 4),
        "maximumCount": st.integers(4, 6),
        "maximumWaitSeconds": st.sampled_from([None, 60, 90]),
    }
)


class ArrivalMachine(RuleBasedStateMachine):
    """Delivers events and checks batches, with a crash or a race at a storage call."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(quietSeconds=60, **FIXED)
        self.sent: set[str] = set()
        self.unacknowledged: set[str] = set()

    @rule(arrival=ARRIVALS)
    def edit(self, arrival: dict[str, Any]) -> None:
        self.world.define(**{**FIXED, **arrival})

    @rule(numbers=st.lists(FILES, min_size=1, max_size=5))
    def deliver(self, numbers: list[int]) -> None:
        for number in numbers:
            self.deliver_file(f"in/{number}")

    @rule(number=FILES, at=POINTS, done=st.booleans())
    def deliver_with_crash(self, number: int, at: int, *, done: bool) -> None:
        self.at(at, self.crash(done=done), lambda: self.deliver_file(f"in/{number}"))

    @rule(seconds=st.sampled_from([0, 1, 5, 30, 60]))
    def check(self, seconds: int) -> None:
        self.world.check(seconds=seconds)

    @rule(seconds=st.sampled_from([0, 60]), at=POINTS, done=st.booleans())
    def check_with_crash(self, seconds: int, at: int, *, done: bool) -> None:
        self.at(at, self.crash(done=done), lambda: self.world.check(seconds=seconds))

    @rule(seconds=st.sampled_from([0, 60]), at=POINTS, number=FILES)
    def check_with_race(self, seconds: int, at: int, number: int) -> None:
        """Deliver an event between two storage calls of a check."""
        racing = self.first(lambda: self.deliver_file(f"in/{number}"))
        self.at(at, racing, lambda: self.world.check(seconds=seconds))

    @rule(at=POINTS, number=FILES)
    def deliver_with_race(self, at: int, number: int) -> None:
        """Check the batches between two storage calls of a delivery."""
        racing = self.first(lambda: self.world.check(seconds=0))
        self.at(at, racing, lambda: self.deliver_file(f"in/{number}"))

    def teardown(self) -> None:
        for path in sorted(self.unacknowledged):
            self.deliver_file(path)
        for _ in range(3):
            self.world.check(seconds=100)
        self.world.define(quietSeconds=1, **FIXED)
        for _ in range(3):
            self.world.check(seconds=100)
        started = [run.arrival for run in self.world.runs if run.arrival is not None]
        found = Counter(path for each in started for path in each.values["arrivals.path"])  # type: ignore[union-attr]
        assert set(found) == self.sent
        assert set(found.values()) <= {1}
        assert all(each.count <= 6 for each in started)
        assert list(self.world.app.services.ports.arrivals.of_task("load")) == []

    def deliver_file(self, path: str) -> None:
        self.sent.add(path)
        self.unacknowledged.add(path)
        with suppress(PolysyncError):
            self.world.receive(path)
            self.unacknowledged.discard(path)

    def at(self, number: int, act: Callable[..., Any], step: Callable[[], None]) -> None:
        """Act at a storage call of a step; a crash ends the process."""
        calls = 0

        def intercept(call: Call, do: Callable[[], Any]) -> Any:
            nonlocal calls
            calls += 1
            return act(do) if calls >= number else do()

        self.world.app.tables.intercept = intercept
        try:
            step()
        except Crash:
            self.world.app.tables.intercept = lambda _, do: do()
            self.world.app.restart()
        finally:
            self.world.app.tables.intercept = lambda _, do: do()

    @staticmethod
    def crash(*, done: bool) -> Callable[..., Any]:
        """Crash at the first call, before or after its effect, and at all later ones."""
        first = [done]

        def act(do: Callable[[], Any]) -> Any:
            if first.pop() if first else False:
                do()
            raise Crash

        return act

    def first(self, other: Callable[[], None]) -> Callable[..., Any]:
        """Do something else before the first call only."""

        def act(do: Callable[[], Any]) -> Any:
            self.world.app.tables.intercept = lambda _, call: call()
            other()
            return do()

        return act


TestArrivals = ArrivalMachine.TestCase
