"""Draws a calendar year in which a user can click days."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import htpy as h
from htpy import Element, Node

_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """The days of a year in a form."""

    year: int
    today: date
    chosen: Mapping[str, int]
    """The chosen dates of the calendar, with their positions in its list."""
    ranges: Sequence[tuple[str, str]]
    """The first and the last dates of the ranges."""
    control_id: Callable[[int], str]
    """Returns the id of the control at a position of the list."""
    is_read_only: bool

    def draw(self) -> Element:
        """Return twelve tables of days; the chosen dates of other years are hidden inputs."""
        others = [
            h.input(type="hidden", name="dates[]", value=day, id=self.control_id(position))
            for day, position in self.chosen.items()
            if not day.startswith(f"{self.year:04}-")
        ]
        months = [self._month(month) for month in range(1, 13)]
        return h.div[others, h.div(".year")[months]]

    def _month(self, month: int) -> Element:
        weeks = calendar.Calendar().monthdatescalendar(self.year, month)
        return h.table(".month")[
            h.caption[f"{calendar.month_name[month]} {self.year}"],
            h.thead[h.tr[[h.th(scope="col")[each] for each in _WEEKDAYS]]],
            h.tbody[
                [
                    h.tr[[h.td[self._day(day) if day.month == month else None] for day in week]]
                    for week in weeks
                ]
            ],
        ]

    def _day(self, day: date) -> Node:
        text = day.isoformat()
        position = self.chosen.get(text)
        is_in_range = any(first <= text <= last for first, last in self.ranges)
        classes = " ".join(
            name
            for name, applies in (("out", is_in_range), ("today", day == self.today))
            if applies
        )
        label = f"{text}, in a range" if is_in_range else text
        return h.label(class_=classes or None, title=label if is_in_range else None)[
            h.input(
                type="checkbox",
                name="dates[]",
                value=text,
                checked=position is not None,
                disabled=self.is_read_only,
                id=f"day-{text}" if position is None else self.control_id(position),
                aria_label=label,
            ),
            str(day.day),
        ]
