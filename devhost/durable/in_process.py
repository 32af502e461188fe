"""What stands in for the wire where the host calls the engine by plain methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc


class WorkEvent:
    """What the backend believes to be an event; setting it tells the dispatcher."""

    def __init__(self) -> None:
        self.answer: Callable[[], None] = lambda: None

    def set(self) -> None:
        self.answer()

    def clear(self) -> None:
        """Nothing waits on it."""


class LocalCall:
    """The context of a call that did not come by gRPC."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        """Refuse the call, as a gRPC context does."""
        raise RuntimeError(f"{code.name}: {details}")


LOCAL: Any = LocalCall()
