"""Writes texts that explain the effect of a daylight-saving change on a fire time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def moved(lost: Sequence[datetime], to: datetime) -> str:
    """Describe wall-clock times in a gap that run right after the gap."""
    runs = "runs" if len(lost) == 1 else "run"
    return f"{_missing(lost)}; {runs} at {_moment(to, _day_of(lost))}"


def skipped(lost: Sequence[datetime]) -> str:
    """Describe wall-clock times in a gap that do not run."""
    return f"{_missing(lost)}; skipped"


def repeated(wall: datetime, *, is_second: bool, is_only: bool) -> str:
    """Describe one of the two occurrences of a repeated wall-clock time."""
    which = "second" if is_second else "first"
    runs = f"runs at the {which} only" if is_only else f"this is the {which}"
    return f"{_clock(wall)} occurs twice on {wall:%Y-%m-%d}; {runs}"


def _missing(lost: Sequence[datetime]) -> str:
    first, last = lost[0], lost[-1]
    if len(lost) == 1:
        return f"{_clock(first)} does not exist on {first:%Y-%m-%d}"
    if first.date() != last.date():
        return f"{_clock(first)} on {first:%Y-%m-%d} to {_moment(last, None)} do not exist"
    joint = " and " if len(lost) == 2 else " to "
    return f"{_clock(first)}{joint}{_clock(last)} do not exist on {first:%Y-%m-%d}"


def _day_of(lost: Sequence[datetime]) -> str | None:
    days = {f"{each:%Y-%m-%d}" for each in lost}
    return days.pop() if len(days) == 1 else None


def _moment(wall: datetime, known_day: str | None) -> str:
    """Return the time, and the date unless the sentence has it already."""
    day = f"{wall:%Y-%m-%d}"
    return _clock(wall) if day == known_day else f"{_clock(wall)} on {day}"


def _clock(wall: datetime) -> str:
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"
