"""How long a call may take and when it is repeated."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.clock import Clock, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBudget:
    """The bounds of one call, repetitions included; all in seconds."""

    total: float = 30.0
    connect: float = 5.0
    read: float = 15.0
    attempts: int = 4
    first_delay: float = 0.5
    longest_delay: float = 8.0
    longest_retry_after: float = 10.0
    """What a platform may ask us to wait within the call; beyond it the caller waits instead."""

    def longest_pause(self, repetition: int) -> float:
        """Return the upper bound of the pause before a repetition (1 is the first)."""
        return min(self.longest_delay, self.first_delay * 2 ** (repetition - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timekeeper:
    """Time and chance as parameters, so that tests run in virtual time."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Clock = utc_now
    uniform: Callable[[float, float], float] = random.uniform

    def pause(self, patience: CallBudget, repetition: int, asked: float | None) -> float:
        """Return the seconds to wait: what the platform asked, or full jitter over the bound.

        Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        """
        spread = self.uniform(0.0, patience.longest_pause(repetition))
        return spread if asked is None else asked

    def next_pause(
        self, patience: CallBudget, repetition: int, asked: float | None, deadline: float
    ) -> float | None:
        """Return the seconds until a repetition (1 is the first), or None where there is none."""
        if repetition >= patience.attempts:
            return None
        if asked is not None and asked > patience.longest_retry_after:
            return None
        pause = self.pause(patience, repetition, asked)
        return pause if self.monotonic() + pause < deadline else None
