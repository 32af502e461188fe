"""Defines the interfaces of the event loop and the worker threads for the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from polysync_embedded.engine.activity_calls import ActivityCall

type Step = Callable[[], None]


class Loop(Protocol):
    """Runs the steps of the engine one after another; only steps touch the engine's state."""

    def post(self, step: Step) -> None:
        """Run a step after all earlier steps; any thread may call this."""
        ...

    def ask[T](self, question: Callable[[], T]) -> T:
        """Return the result of a question, which reads the state; any thread may call this.

        Raises `Unavailable` if the engine does not answer.
        """
        ...

    def at(self, moment: datetime, step: Step) -> Step:
        """Run a step at a time; return the function that cancels it. Only a step may call this."""
        ...


class Workers(Protocol):
    """Executes calls of activities."""

    def run(self, call: ActivityCall) -> None:
        """Execute a call soon, on any thread."""
        ...

    def hurry(self, call: ActivityCall) -> None:
        """Execute a call before the other waiting ones; a call that has begun is left alone."""
        ...
