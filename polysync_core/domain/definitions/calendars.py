"""Calendars: shared lists of dates on which schedules do not fire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from polysync_core.domain.definitions.base import Definition, Value, refuse


class DateRange(Value):
    """A range of dates; both ends are included."""

    from_date: Annotated[date, Field(alias="from")]
    to_date: Annotated[date, Field(alias="to")]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.from_date > self.to_date:
            refuse("to", "must not be earlier than from")
        return self


class Calendar(Definition):
    """Dates, in the zone of each schedule, on which linked schedules do not fire."""

    dates: Annotated[tuple[date, ...], Field(max_length=5000)] = ()
    ranges: Annotated[tuple[DateRange, ...], Field(max_length=1000)] = ()

    def has(self, day: date) -> bool:
        """Return whether the calendar contains a date."""
        return day in self.dates or any(
            each.from_date <= day <= each.to_date for each in self.ranges
        )
