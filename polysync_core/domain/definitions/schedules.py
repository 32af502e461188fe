"""Defines the schedules of Tasks, and calendars of excluded dates."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from polysync_core.domain.clock import Day, Moment, ZoneName
from polysync_core.domain.definitions.base import (
    MAX_PARAMETERS,
    Definition,
    Lines,
    ObjectName,
    Value,
    refuse,
)
from polysync_core.domain.definitions.cron.check import check_cron
from polysync_core.domain.json_types import JsonValue

type Cron = Annotated[str, StringConstraints(max_length=200), AfterValidator(check_cron)]
"""A cron expression that fires."""


_WEEK = 7 * 24 * 3600


class Misfire(StrEnum):
    """The treatment of missed fire times (misfires)."""

    SKIP = "Skip"
    LAST = "Last"
    ALL = "All"


class Overlap(StrEnum):
    """The treatment of a fire time while an earlier run is still active (overlap)."""

    QUEUE = "Queue"
    SKIP = "Skip"
    CANCEL_RUNNING = "CancelRunning"
    KEEP_NEWEST = "KeepNewest"
    """At most one run of the schedule waits, and the newest fire time wins."""


class Gap(StrEnum):
    """The treatment of a wall-clock time that the start of daylight saving skips."""

    RUN_AFTER = "RunAfter"
    SKIP = "Skip"


class Fold(StrEnum):
    """The choice between the two occurrences of a repeated wall-clock time."""

    AUTO = "Auto"
    """Once for daily and longer schedules, twice for hourly and finer ones."""
    FIRST = "First"
    SECOND = "Second"
    BOTH = "Both"


class Schedule(Value):
    """One schedule of a Task."""

    name: ObjectName
    id: ObjectName | None = None
    """The identity, which survives a rename; empty = the name. Polysync sets it at a rename."""
    description: Annotated[Lines, StringConstraints(max_length=4000)] | None = None
    cron: Cron
    time_zone: ZoneName = "UTC"
    enabled: bool = True
    start_at: Moment | None = None
    end_at: Moment | None = None
    misfire: Misfire = Misfire.LAST
    catch_up_seconds: Annotated[int, Field(ge=0, le=_WEEK)] = 3600
    """Maximum age of a missed fire time that still starts a run."""
    overlap: Overlap = Overlap.QUEUE
    gap: Gap = Gap.RUN_AFTER
    fold: Fold = Fold.AUTO
    jitter_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    parameters: Annotated[dict[str, JsonValue], Field(max_length=MAX_PARAMETERS)] = Field(
        default_factory=dict
    )
    """Values for the runs of this schedule; they override those of the Task."""
    calendars: Annotated[tuple[ObjectName, ...], Field(max_length=100)] = ()
    """The schedule does not fire on the dates of these calendars."""
    pause_after_failures: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Number of consecutive failed runs that pauses the schedule; empty = never."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start_at and self.end_at and self.start_at >= self.end_at:
            refuse("endAt", "must be later than startAt")
        if self.misfire is Misfire.ALL and self.overlap is not Overlap.QUEUE:
            refuse(
                "overlap",
                f"contradicts misfire All: {self.overlap} would drop runs that All catches up; "
                "use overlap Queue or misfire Last",
            )
        if self.misfire is not Misfire.SKIP and self.catch_up_seconds == 0:
            refuse(
                "catchUpSeconds",
                f"contradicts misfire {self.misfire}: no fire time is caught up within 0 seconds; "
                "use misfire Skip",
            )
        return self

    @property
    def identity(self) -> str:
        """The id, or the name of a schedule that was never renamed."""
        return self.id or self.name


class DateRange(Value):
    """A range of dates; both ends are included."""

    from_date: Annotated[Day, Field(alias="from")]
    to_date: Annotated[Day, Field(alias="to")]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.from_date > self.to_date:
            refuse("to", "must not be earlier than from")
        return self


class Calendar(Definition):
    """Dates, in the zone of each schedule, on which linked schedules do not fire."""

    dates: Annotated[tuple[Day, ...], Field(max_length=5000)] = ()
    ranges: Annotated[tuple[DateRange, ...], Field(max_length=1000)] = ()

    def has(self, day: date) -> bool:
        """Return whether the calendar contains a date."""
        return day in self.dates or any(
            each.from_date <= day <= each.to_date for each in self.ranges
        )
