"""Implements the orchestration engine interface in one process, without Durable Functions."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from orchestrations.dispatcher_messages import Start
from orchestrations.durable_functions import DURABLE_FUNCTIONS, DurableFunctions
from orchestrations.engine_calls import EngineCalls
from polysync_core.domain.clock import Clock
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_embedded.engine.dispatchers import Dispatchers
from polysync_embedded.engine.execution import Environment
from polysync_embedded.engine.json_values import as_json
from polysync_embedded.engine.live_orchestrations import LiveOrchestrations
from polysync_embedded.engine.ports import Loop, Workers


class EmbeddedEngine(EngineCalls):
    """Drives orchestrations and Dispatchers in memory. Any thread may call its methods."""

    def __init__(
        self,
        *,
        clock: Clock,
        loop: Loop,
        workers: Workers,
        functions: DurableFunctions = DURABLE_FUNCTIONS,
    ) -> None:
        self._loop = loop
        environment = Environment(
            clock=clock, loop=loop, workers=workers, functions=functions, signal=self._signal
        )
        self._orchestrations = LiveOrchestrations(environment)
        self._dispatchers = Dispatchers(clock=clock, loop=loop, start=self._orchestrations.start)

    def forget_ended(self, created_from: datetime, created_to: datetime) -> int:
        """Return 0: an ended orchestration leaves no trace that could be deleted."""
        return 0

    def dispatcher(self, shard: str) -> DispatcherState:
        """Return a copy of the state of a shard's Dispatcher."""
        return self._loop.ask(partial(self._dispatchers.copy_of, shard))

    def live(self) -> dict[str, Any]:
        """Return the custom status of each live orchestration by its id."""
        return self._loop.ask(self._orchestrations.statuses)

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        self._loop.post(partial(self._dispatchers.apply, shard, operation, as_json(message)))

    def _start(self, start: Start) -> None:
        self._loop.post(partial(self._orchestrations.start, start))

    def _raise_event(self, target: str, event: str) -> None:
        self._loop.post(partial(self._orchestrations.raise_event, target, event))

    def _is_live(self, target: str) -> bool:
        return self._loop.ask(partial(self._orchestrations.is_live, target))
