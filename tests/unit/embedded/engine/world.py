"""An embedded engine in virtual time, with the orchestrations and activities of a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from orchestrations.dispatcher_messages import Start
from orchestrations.durable_functions import DurableFunctions
from polysync_embedded.engine.engine import EmbeddedEngine
from tests.fakes.virtual_loop import START, VirtualClock, VirtualLoop, VirtualWorkers


class EngineWorld:
    """An engine that runs one orchestration, `main`, and records what its activities get."""

    def __init__(self, orchestration: Any, **activities: Callable[[Any], Any]) -> None:
        self.clock = VirtualClock()
        self.loop = VirtualLoop(self.clock)
        self.workers = VirtualWorkers()
        self.inputs: list[Any] = []
        self.times: list[float] = []
        """The seconds from the start of the test to each call of an activity."""
        functions = DurableFunctions(
            orchestrations={"main": orchestration},
            activities={name: self._recorded(each) for name, each in activities.items()},
            calling_platforms={"poll"},
        )
        self.engine = EmbeddedEngine(
            clock=self.clock, loop=self.loop, workers=self.workers, functions=functions
        )

    def start(
        self, work: Any = None, instance_id: str = "one", platform: str | None = None
    ) -> None:
        """Start the orchestration; only the activity `poll` calls its platform."""
        self.engine._start(Start("main", work, instance_id, platform))

    def wake(self, instance_id: str = "one") -> None:
        """Send the event `wake` to an orchestration."""
        self.engine._raise_event(instance_id, "wake")

    @property
    def live(self) -> bool:
        """True as long as the orchestration `one` has not ended."""
        return self.engine._is_live("one")

    def settle(self) -> None:
        """Do all work that needs no time."""
        while True:
            self.loop.fire_due()
            if not (self.loop.run_next() or self.workers.run_next()):
                return

    def run_to_the_end(self) -> float:
        """Do all work, and return the seconds that it took."""
        self.settle()
        while (due := self.loop.next_due()) is not None:
            self._advance_to(due)
            self.settle()
        return self.elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass, and do the work that is due then."""
        self.clock.advance(seconds)
        self.settle()

    @property
    def elapsed(self) -> float:
        """The seconds since the start of the test, to a tenth."""
        return round((self.clock.now - START).total_seconds(), 1)

    def _advance_to(self, moment: datetime) -> None:
        self.clock.now = max(self.clock.now, moment)

    def _recorded(self, activity: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(work: Any) -> Any:
            self.inputs.append(work)
            self.times.append(self.elapsed)
            return activity(work)

        return call
