"""Finds changes of a time zone's UTC offset, and converts instants to wall-clock times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from polysync_core.domain.clock import zone_named

_STEP = timedelta(days=1)
"""The distance of two samples. No zone has ever changed twice within a week."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetChange:
    """An instant at which the wall clocks of a zone are set forward or back."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def length(self) -> timedelta:
        """The wall-clock time that the change skips or repeats."""
        return abs(self.after - self.before)

    @property
    def set_from(self) -> datetime:
        """The wall-clock time (naive) just before the change."""
        return wall_clock(self.at, self.before)

    @property
    def set_to(self) -> datetime:
        """The wall-clock time (naive) just after the change."""
        return wall_clock(self.at, self.after)

    def affects(self, earliest: datetime, next_fire: datetime) -> bool:
        """Return whether the change can move a fire time.

        No fire time lies between `earliest` and `next_fire`, which are wall-clock times.
        """
        low, high = sorted((self.set_from, self.set_to))
        return earliest > low or next_fire < high


def next_change(zone: str, after: datetime, until: datetime) -> OffsetChange | None:
    """Return the first change later than `after` and not later than `until`."""
    for year in range(after.year, until.year + 1):
        for change in _changes_in(zone, year):
            if after < change.at <= until:
                return change
    return None


def offset_at(zone: str, moment: datetime) -> timedelta:
    """Return the offset of a zone from UTC at an instant."""
    return moment.astimezone(zone_named(zone)).utcoffset() or timedelta()


def wall_clock(moment: datetime, offset: timedelta) -> datetime:
    """Return the wall-clock time (naive) at an instant for an offset from UTC."""
    return moment.replace(tzinfo=None) + offset


def start_of_day(zone: str, day: date) -> datetime:
    """Return the first instant of a local date, or the change that skips the date."""
    midnight = datetime.combine(day, time())
    noon_before = (midnight - _STEP / 2).replace(tzinfo=UTC)
    near = (noon_before - _STEP, noon_before + 2 * _STEP)
    found = [
        instant
        for offset in {offset_at(zone, each) for each in near}
        if wall_clock(instant := (midnight - offset).replace(tzinfo=UTC), offset_at(zone, instant))
        == midnight
    ]
    # Without the midnight itself, the day begins at the change that skips it.
    change = None if found else next_change(zone, *near)
    return min(found) if change is None else change.at


@lru_cache(maxsize=8192)
def _changes_in(zone: str, year: int) -> tuple[OffsetChange, ...]:
    """Return the changes in a year of UTC; zoneinfo lists none, so samples find them."""
    found: list[OffsetChange] = []
    moment = datetime(year, 1, 1, tzinfo=UTC) - _SECOND
    end = datetime(year + 1, 1, 1, tzinfo=UTC) - _SECOND
    before = offset_at(zone, moment)
    while moment < end:
        later = min(moment + _STEP, end)
        after = offset_at(zone, later)
        if after != before:
            at = _first_with(after, zone, moment, later)
            found.append(OffsetChange(at=at, before=before, after=after))
        moment, before = later, after
    return tuple(found)


def _first_with(offset: timedelta, zone: str, early: datetime, late: datetime) -> datetime:
    """Return the first whole second with an offset; `late` has it, `early` does not."""
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        if offset_at(zone, middle) == offset:
            late = middle
        else:
            early = middle
    return late
