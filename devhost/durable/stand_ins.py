"""Stands in for the work event and gRPC context that the SDK's backend expects.

The host calls the engine by method calls, without gRPC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc


class WorkEvent:
    """Replaces the event of the backend; `set` calls the listener."""

    def __init__(self) -> None:
        self.listener: Callable[[], None] = lambda: None

    def set(self) -> None:
        self.listener()

    def clear(self) -> None:
        """Do nothing, because no thread waits for the event."""


class LocalCall:
    """The context of a call without gRPC."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        """Raise an error, as a gRPC context does."""
        raise RuntimeError(f"{code.name}: {details}")


LOCAL: Any = LocalCall()
