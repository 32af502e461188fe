"""Keeps the Dispatcher state of each shard in memory, and executes Dispatcher decisions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from orchestrations.dispatcher_messages import ON_TIMER, Start, Timer, apply_message, starts_of
from polysync_core.domain.clock import Clock
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_embedded.engine.ports import Loop, Step

_log = logging.getLogger(__name__)


class Dispatchers:
    """The Dispatchers of all shards; a shard without work has no state."""

    def __init__(self, *, clock: Clock, loop: Loop, start: Callable[[Start], None]) -> None:
        self._clock = clock
        self._loop = loop
        self._start = start
        self._states: dict[str, DispatcherState] = {}
        self._cancels: dict[str, Step] = {}
        """The functions that cancel the timers; a shard has at most one timer."""

    def apply(self, shard: str, operation: str, message: Any) -> None:
        """Apply a message. After a failure the reconciler repairs what the message was to do."""
        state = self._states.setdefault(shard, DispatcherState())
        try:
            decision = apply_message(state, operation, message, now=self._clock())
        except Exception:
            _log.exception(
                "A message to the Dispatcher failed.",
                extra={"action": "dispatcher_failed", "shard": shard, "operation": operation},
            )
            return
        for start in starts_of(decision, shard):
            self._start(start)
        if decision.wake_at is not None:
            self._plan(shard, decision.wake_at)
        if state.is_empty:
            del self._states[shard]
            self._cancel_timer(shard)

    def copy_of(self, shard: str) -> DispatcherState:
        """Return a copy of a shard's state, which later messages do not change."""
        state = self._states.get(shard)
        return DispatcherState() if state is None else state.copy()

    def _plan(self, shard: str, moment: datetime) -> None:
        """Plan the next decision; it comes before the one that was planned until now."""
        self._cancel_timer(shard)
        timer = Timer(at=moment.timestamp())
        step = partial(self.apply, shard, ON_TIMER, timer)
        self._cancels[shard] = self._loop.at(moment, step)

    def _cancel_timer(self, shard: str) -> None:
        if (cancel := self._cancels.pop(shard, None)) is not None:
            cancel()
