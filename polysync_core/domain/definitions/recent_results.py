"""Defines the storage interface for last connection tests and recent webhook deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference

MOST_DELIVERIES = 20
"""The number of deliveries that are remembered for a webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTest:
    """The last test of the connection of a stored definition."""

    at: datetime
    ok: bool
    message: str
    latency_ms: int


class DeliveryResult(StrEnum):
    """The result of one attempt to deliver an event."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    """It is tried again."""
    ABANDONED = "Abandoned"
    """It was the last attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One attempt to deliver an event to a webhook."""

    at: datetime
    event_id: str
    kind: str
    """The kind of the event, such as `run.failed`."""
    run_id: str | None
    attempt: int
    result: DeliveryResult
    error: str | None


class RecentResults(Protocol):
    """Stores recent results; every call may raise `Unavailable`."""

    def put_test(self, reference: Reference, test: LastTest) -> None:
        """Remember the last test of a definition."""
        ...

    def tests(self, kind: Kind) -> Mapping[str, LastTest]:
        """Return the last tests of a kind by name, by one range read."""
        ...

    def test(self, reference: Reference) -> LastTest | None:
        """Return the last test of a definition by one point read."""
        ...

    def add_delivery(self, webhook: str, delivery: DeliveryAttempt) -> None:
        """Remember an attempt; the oldest ones beyond `MOST_DELIVERIES` are dropped."""
        ...

    def deliveries(self, webhook: str) -> Sequence[DeliveryAttempt]:
        """Return the remembered attempts of a webhook, newest first."""
        ...
