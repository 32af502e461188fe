"""Limits the total time of an outgoing call, and computes the pauses between retries."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from polysync_core.domain.clock import Clock, utc_now

_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBudget:
    """The bounds of one call with its retries; all times are in seconds."""

    total: float = 30.0
    connect: float = 5.0
    read: float = 15.0
    attempts: int = 4
    first_delay: float = 0.5
    longest_delay: float = 8.0
    least_share: float = 0.0
    """The share of a pause that is not random; 0 is full jitter."""
    longest_retry_after: float = 10.0
    """The longest `Retry-After` that is waited for within the call; a longer one ends the call."""

    def longest_pause(self, repetition: int) -> float:
        """Return the upper bound of the pause before a retry (1 is the first)."""
        return min(self.longest_delay, self.first_delay * 2 ** (repetition - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTimer:
    """Measures time, sleeps, and draws the pauses between retries; tests use virtual time."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Clock = utc_now
    uniform: Callable[[float, float], float] = random.uniform

    def next_pause(
        self, budget: CallBudget, repetition: int, retry_after: float | None, deadline: float
    ) -> float | None:
        """Return the seconds until a retry (1 is the first); None if the call must end.

        The pause is the service's `Retry-After`, or else has jitter:
        https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        if repetition >= budget.attempts:
            return None
        if retry_after is not None and retry_after > budget.longest_retry_after:
            return None
        longest = budget.longest_pause(repetition)
        jitter = self.uniform(budget.least_share * longest, longest)
        pause = jitter if retry_after is None else retry_after
        return pause if self.monotonic() + pause < deadline else None


def read_retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` header in either form, or None.

    See RFC 9110, section 10.2.3.
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone, or with `-0000`, is in UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, OverflowError):
        return None
