"""Limits the number and the pace of run starts in a rolling time window.

A start must satisfy two rules:

* **The window.** Every start is logged until it leaves the rolling window. So no window holds more
  than `limit` starts. A full token bucket that refills continuously would allow twice as many.
* **The pace.** A start needs a token. The log stores the time at which the bucket is full again
  (generic cell rate algorithm, GCRA). A leaky bucket holds one token. A bucket of `limit` tokens is
  never stricter than the window, so no pace is stored for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from polysync_core.domain.dispatch.policies import StartRateRule

MAX_LOG_ENTRIES = 512
"""The maximum size of a log; for a larger limit, a log entry covers a slice of the window."""


@dataclass(slots=True)
class StartLog:
    """The starts that still count against a start rate."""

    window: int = 0
    """The window of the last use; it decides when the log expires."""
    full_at: float = 0.0
    """The time at which the bucket is full again; 0 without a pace."""
    starts: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Times and the number of starts at each, oldest first."""

    def copy(self) -> StartLog:
        """Return a log of the same starts."""
        return StartLog(window=self.window, full_at=self.full_at, starts=list(self.starts))

    @property
    def count(self) -> int:
        """Return the number of logged starts."""
        return sum(number for _, number in self.starts)

    def expire(self, now: int) -> None:
        """Remove the starts that have left the window.

        After the clock is set back, logged starts lie in the future. They are moved to now, so they
        count rather too long than too short, and not for ever.
        """
        self.clamp(now + self.window // MAX_LOG_ENTRIES)
        self.full_at = min(self.full_at, now + self.window)
        expired = 0
        while expired < len(self.starts) and self.starts[expired][0] + self.window <= now:
            expired += 1
        del self.starts[:expired]
        if not self.starts and self.full_at <= now:
            self.full_at = 0.0

    def clamp(self, latest: int) -> None:
        """Move starts that are later than `latest` to that time."""
        if self.starts and self.starts[-1][0] > latest:
            early = [entry for entry in self.starts if entry[0] < latest]
            late = self.count - sum(number for _, number in early)
            self.starts = [*early, (latest, late)]

    @property
    def is_blank(self) -> bool:
        """Return whether the log no longer restricts a start."""
        return not self.starts and not self.full_at


def prepare(rule: StartRateRule, log: StartLog, now: int) -> None:
    """Adapt a log to its rule and to the clock."""
    log.window = rule.window
    log.clamp(_logged_at(rule, now))
    fill_time = _bucket_size(rule) * _interval(rule)
    log.full_at = min(log.full_at, now + fill_time) if _has_pace(rule) else 0.0
    log.expire(now)


def next_start(rule: StartRateRule, log: StartLog, now: int, *, ahead: int = 0) -> int:
    """Return the time of the next permitted start, `now` if at once.

    With `ahead`, the time of a start after this number of other starts, each as early as possible.
    """
    return max(_by_window(rule, log, now, ahead), _by_pace(rule, log, now, ahead))


def record(rule: StartRateRule, log: StartLog, now: int) -> None:
    """Log a permitted start."""
    at = _logged_at(rule, now)
    if log.starts and log.starts[-1][0] == at:
        log.starts[-1] = (at, log.starts[-1][1] + 1)
    else:
        log.starts.append((at, 1))
    if not _has_pace(rule):
        return
    interval, refilled = _interval(rule), _last_refill(rule, now)
    # A leaky bucket keeps its schedule when a start is slightly late. Otherwise the delay of each
    # wake-up would reduce the rate.
    is_leaky = _bucket_size(rule) == 1 and rule.refill is None
    on_schedule = is_leaky and 0 <= now - log.full_at < interval / 2
    base = log.full_at if on_schedule else max(log.full_at, refilled)
    log.full_at = round(base + interval, 3)


def window_end(log: StartLog, now: int) -> int:
    """Return the end of the window that began with the oldest logged start."""
    return log.starts[0][0] + log.window if log.starts else now


def _by_window(rule: StartRateRule, log: StartLog, now: int, ahead: int) -> int:
    rounds, ahead = divmod(ahead, rule.limit)
    excess = log.count + ahead + 1 - rule.limit
    at = now
    for start, number in log.starts:
        if excess <= 0:
            break
        at, excess = start + rule.window, excess - number
    return max(now, at) + rounds * rule.window


def _by_pace(rule: StartRateRule, log: StartLog, now: int, ahead: int) -> int:
    if not _has_pace(rule):
        return now
    filled = _last_refill(rule, now)
    spare = _bucket_size(rule) - 1 - ahead
    at = max(log.full_at, filled) - spare * _interval(rule)
    if at <= filled:
        return now
    return ceil(at) if rule.refill is None else ceil(at / rule.refill) * rule.refill


def _has_pace(rule: StartRateRule) -> bool:
    return _bucket_size(rule) < rule.limit or rule.refill is not None


def _bucket_size(rule: StartRateRule) -> int:
    """Return the capacity of the bucket."""
    return 1 if rule.leaky else (rule.burst or rule.limit)


def _interval(rule: StartRateRule) -> float:
    """Return the time in which the bucket gains one token."""
    return rule.window / rule.limit


def _last_refill(rule: StartRateRule, now: int) -> int:
    """Return the time of the last refill; refills are counted from 1970-01-01T00:00Z."""
    return now if rule.refill is None else now // rule.refill * rule.refill


def _logged_at(rule: StartRateRule, now: int) -> int:
    """Return the logged time of a start: its own, or the end of its slice for a large limit.

    Rounding up makes a start count slightly longer than necessary, never shorter.
    """
    if rule.limit <= MAX_LOG_ENTRIES:
        return now
    slice_ = max(1, rule.window // MAX_LOG_ENTRIES)
    return -(-now // slice_) * slice_
