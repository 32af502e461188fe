"""Rates: how many starts there may be in a rolling window, and how they are spaced.

Two rules hold together:

* **The window.** Every start is remembered until the window has passed over it, so that no window,
  wherever it begins, holds more than `limit`. A bucket that starts full and refills all the time
  would let twice as many through.
* **The pace.** A start may come once the bucket has a token again, kept as the time at which the
  bucket would be full (the generic cell rate algorithm). A leaky bucket is a bucket of one token;
  one of `limit` tokens is never stricter than the window and is not kept at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from polysync_core.domain.dispatch.policies import Rate

FINEST = 512
"""The most entries of a log; above that, starts are remembered by slices of the window."""


@dataclass(slots=True)
class GrantLog:
    """The starts that still count against a rate."""

    window: int = 0
    """The window when it was last used, by which it is forgotten."""
    full_at: float = 0.0
    """When the bucket has all its tokens again; 0 where no pace is kept."""
    starts: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Times and how many starts they stand for, oldest first."""

    @property
    def count(self) -> int:
        """How many starts it remembers."""
        return sum(number for _, number in self.starts)

    def forget(self, now: int) -> None:
        """Drop what the window has passed over.

        A clock that was set back makes starts lie in the future. They count from now on, as if
        made just now: too long rather than too short, and not for ever.
        """
        self.bound(now + self.window // FINEST)
        self.full_at = min(self.full_at, now + self.window)
        gone = 0
        while gone < len(self.starts) and self.starts[gone][0] + self.window <= now:
            gone += 1
        del self.starts[:gone]
        if not self.starts and self.full_at <= now:
            self.full_at = 0.0

    def bound(self, latest: int) -> None:
        """Let no start be remembered by a later time than this."""
        if self.starts and self.starts[-1][0] > latest:
            early = [entry for entry in self.starts if entry[0] < latest]
            late = self.count - sum(number for _, number in early)
            self.starts = [*early, (latest, late)]

    @property
    def is_blank(self) -> bool:
        """Whether nothing in it restricts anything any more."""
        return not self.starts and not self.full_at


def prepare(rate: Rate, log: GrantLog, now: int) -> None:
    """Bring a log up to date with its rate and with the clock."""
    log.window = rate.window
    log.bound(_noted(rate, now))
    log.full_at = min(log.full_at, now + _depth(rate) * _interval(rate)) if _paced(rate) else 0.0
    log.forget(now)


def next_start(rate: Rate, log: GrantLog, now: int, *, ahead: int = 0) -> int:
    """Return when the next start is permitted, `now` if at once.

    With `ahead`, when the one after so many others is, if each of them starts as soon as it may.
    """
    return max(_by_window(rate, log, now, ahead), _by_pace(rate, log, now, ahead))


def record(rate: Rate, log: GrantLog, now: int) -> None:
    """Remember a start that was permitted."""
    at = _noted(rate, now)
    if log.starts and log.starts[-1][0] == at:
        log.starts[-1] = (at, log.starts[-1][1] + 1)
    else:
        log.starts.append((at, 1))
    if not _paced(rate):
        return
    interval, stepped = _interval(rate), _step(rate, now)
    # A leaky bucket keeps its beat when a start comes a little late; otherwise each delay of a
    # wake-up would slow down all that follows.
    on_beat = _depth(rate) == 1 and rate.refill is None and 0 <= now - log.full_at < interval / 2
    base = log.full_at if on_beat else max(log.full_at, stepped)
    log.full_at = round(base + interval, 3)


def window_end(log: GrantLog, now: int) -> int:
    """Return the end of the window that began with the oldest start that counts."""
    return log.starts[0][0] + log.window if log.starts else now


def _by_window(rate: Rate, log: GrantLog, now: int, ahead: int) -> int:
    rounds, ahead = divmod(ahead, rate.limit)
    excess = log.count + ahead + 1 - rate.limit
    at = now
    for start, number in log.starts:
        if excess <= 0:
            break
        at, excess = start + rate.window, excess - number
    return max(now, at) + rounds * rate.window


def _by_pace(rate: Rate, log: GrantLog, now: int, ahead: int) -> int:
    if not _paced(rate):
        return now
    filled = _step(rate, now)
    spare = _depth(rate) - 1 - ahead
    at = max(log.full_at, filled) - spare * _interval(rate)
    if at <= filled:
        return now
    return ceil(at) if rate.refill is None else ceil(at / rate.refill) * rate.refill


def _paced(rate: Rate) -> bool:
    return _depth(rate) < rate.limit or rate.refill is not None


def _depth(rate: Rate) -> int:
    """How many tokens the bucket holds."""
    return 1 if rate.leaky else (rate.burst or rate.limit)


def _interval(rate: Rate) -> float:
    """The time in which one token comes back."""
    return rate.window / rate.limit


def _step(rate: Rate, now: int) -> int:
    """The time up to which tokens have come back; steps are counted from 1970-01-01T00:00Z."""
    return now if rate.refill is None else now // rate.refill * rate.refill


def _noted(rate: Rate, now: int) -> int:
    """The time by which a start is remembered: its own, or the end of its slice if finer is dear.

    Rounding up makes a start count a little longer than it has to, never shorter.
    """
    if rate.limit <= FINEST:
        return now
    slice_ = max(1, rate.window // FINEST)
    return -(-now // slice_) * slice_
