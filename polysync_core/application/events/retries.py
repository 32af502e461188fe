"""Retries failed webhook and notification deliveries with a growing delay, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from polysync_core.application.ports import Queue
from polysync_core.domain.errors import PolysyncError, Unavailable

_MAX_DELAY = 3600.0
_GROWTH = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRetryPolicy:
    """The retry policy of deliveries: by default eight attempts within two hours."""

    attempts: int = 8
    first_delay: float = 10.0
    """Seconds; each later delay is three times as long, up to an hour."""

    def delay_after(self, attempt: int, retry_after: float | None) -> int:
        """Return the seconds until the next attempt; `retry_after` can only lengthen them."""
        backoff = self.first_delay * _GROWTH ** (attempt - 1)
        return round(max(1.0, min(max(backoff, retry_after or 0.0), _MAX_DELAY)))


class Repeatable(Protocol):
    """A delivery that can be tried again."""

    @property
    def attempt(self) -> int:
        """The number of the attempt."""
        ...

    def after(self, failure: str) -> Self:
        """Return the next attempt."""
        ...

    def encode(self) -> str:
        """Return the delivery as a message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQueues:
    """The queue of deliveries, the queue of abandoned ones, and the policy between them."""

    delivery_queue: Queue
    poison_queue: Queue
    policy: DeliveryRetryPolicy = DeliveryRetryPolicy()

    def is_last(self, delivery: Repeatable) -> bool:
        """Return whether a delivery is in its last attempt."""
        return delivery.attempt >= self.policy.attempts

    def repeat(self, delivery: Repeatable, error: PolysyncError) -> None:
        """Queue the next attempt of a failed delivery, or abandon it; may raise `Unavailable`."""
        following = delivery.after(str(error)).encode()
        if self.is_last(delivery):
            self.poison_queue.send(following)
            return
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        delay = self.policy.delay_after(delivery.attempt, retry_after)
        self.delivery_queue.send(following, delay_seconds=delay)
