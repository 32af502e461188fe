"""The embedded engine in virtual time, and a client of it whose calls may fail.

A test drives the engine step by step in one thread. The engine may be lost with the process, as on
one machine, or survive it, as on Azure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from polysync_embedded.engine.engine import EmbeddedEngine
from tests.fakes.virtual_loop import VirtualClock, VirtualLoop, VirtualWorkers

type Step = Callable[[str, Callable[[], Any]], Any]

SIGNALS = frozenset({"enqueue", "release", "restore_lease", "update_policies", "wake"})
"""The calls whose message may arrive late, twice or never."""


class VirtualEngine(EmbeddedEngine):
    """An engine that does one step at a time, with messages that take their time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.loop = VirtualLoop(clock)
        self.workers = VirtualWorkers()
        self.delay: Callable[[], float] = lambda: 0.0
        """Returns the seconds until the next message reaches its Dispatcher."""
        super().__init__(clock=clock, loop=self.loop, workers=self.workers)

    def after(self, seconds: float, step: Callable[[], None]) -> None:
        """Run a step later."""
        self.loop.at(self._clock.now + timedelta(seconds=seconds), step)

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        deliver = partial(super()._signal, shard, operation, message)
        if (seconds := self.delay()) > 0:
            self.after(seconds, deliver)
        else:
            deliver()


class UnreliableClient:
    """The `Engine` port as the app gets it; `step` may inject a fault into each call."""

    def __init__(self, engine: Callable[[], VirtualEngine], step: Step) -> None:
        self._engine = engine
        self._step = step

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return self._step(name, lambda: getattr(self._engine(), name)(*arguments))

        return call
