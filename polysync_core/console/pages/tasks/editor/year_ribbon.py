"""Draws a year of a schedule as a bar: fire times, excluded dates, clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import htpy as h
from htpy import Element

from polysync_core.domain.schedules.offset_changes import OffsetChange
from polysync_core.domain.schedules.outlook import YearOutlook

_WIDTH, _HEIGHT = 600, 74
_TEXT_WIDTH = 110
_ZERO = timedelta()


def year_ribbon(outlook: YearOutlook) -> Element:
    """Return the picture of a year; the table beside it has the same facts in words."""
    ribbon = _Ribbon(outlook)
    return h.svg(
        ".year-ribbon",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=_summary(outlook),
    )[
        list(ribbon.months()),
        list(ribbon.days()),
        [ribbon.change(each) for each in outlook.clock_changes],
    ]


def _summary(outlook: YearOutlook) -> str:
    days = sum(each.excluded_by is None for each in outlook.days)
    excluded = len(outlook.excluded_days)
    return (
        f"Fire times on {days} dates in the next 365 days; "
        f"{excluded} excluded dates; {len(outlook.clock_changes)} clock changes"
    )


class _Ribbon:
    """Places dates on the ribbon."""

    def __init__(self, outlook: YearOutlook) -> None:
        self._outlook = outlook
        self._begin = outlook.begin.date()
        self._days = (outlook.end - outlook.begin).days

    def months(self) -> Iterator[Element]:
        """Yield a line and a name for each month."""
        first = self._begin.replace(day=1)
        for _ in range(13):
            first = (first + timedelta(days=32)).replace(day=1)
            at = self._x(first)
            if at < _WIDTH:
                yield h.path(class_="month-line", d=f"M{at:.1f} 16V56")
                yield h.text(x=f"{at + 3:.1f}", y="70")[f"{first:%b}"]

    def days(self) -> Iterator[Element]:
        """Yield a line for each date with fire times."""
        for each in self._outlook.days:
            at = self._x(each.day)
            if each.excluded_by is None:
                yield h.path(class_="tick", d=f"M{at:.1f} 34V56")
            else:
                yield h.path(class_="excluded", d=f"M{at:.1f} 24V56")

    def change(self, change: OffsetChange) -> Element:
        """Return the line and the words of a clock change."""
        at = self._x(change.at.date())
        end = at > _WIDTH - _TEXT_WIDTH
        return h.g[
            h.path(class_="clock-change", d=f"M{at:.1f} 14V58"),
            h.text(
                class_="clock-change-text",
                x=f"{at:.1f}",
                y="10",
                text_anchor="end" if end else None,
            )[f"clocks {_shift(change)} on {change.at:%d %b}"],
        ]

    def _x(self, day: date) -> float:
        return max(0.0, (day - self._begin).days / self._days * _WIDTH)


def _shift(change: OffsetChange) -> str:
    minutes = int(change.length.total_seconds()) // 60
    sign = "+" if change.after - change.before > _ZERO else "\N{MINUS SIGN}"
    length = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
    return f"{sign}{length}"


def moment_in_zone(moment: datetime) -> str:
    """Return a local time with its offset from UTC, such as `02:30 +0100`."""
    seconds = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{seconds} {moment:%z}"
