"""Schedules: when a Task starts by the clock."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from polysync_core.domain.definitions.base import ObjectName, Value, refuse
from polysync_core.domain.definitions.cron import Cron
from polysync_core.domain.definitions.zones import ZoneName
from polysync_core.domain.json_types import JsonValue

_WEEK = 7 * 24 * 3600


class Misfire(StrEnum):
    """What happens to fire times that passed while nothing could fire."""

    SKIP = "Skip"
    LAST = "Last"
    ALL = "All"


class Overlap(StrEnum):
    """What happens when a schedule fires while its Task still runs."""

    QUEUE = "Queue"
    SKIP = "Skip"
    CANCEL_RUNNING = "CancelRunning"


class Gap(StrEnum):
    """What happens to a wall-clock time that a change to daylight saving leaves out."""

    RUN_AFTER = "RunAfter"
    SKIP = "Skip"


class Fold(StrEnum):
    """Which one fires of a wall-clock time that the end of daylight saving repeats."""

    AUTO = "Auto"
    """Once for daily and longer schedules, twice for hourly and finer ones."""
    FIRST = "First"
    SECOND = "Second"
    BOTH = "Both"


class Schedule(Value):
    """One of the clocks that start a Task."""

    name: ObjectName
    description: Annotated[str, StringConstraints(max_length=4000)] | None = None
    cron: Cron
    time_zone: ZoneName = "UTC"
    enabled: bool = True
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None
    misfire: Misfire = Misfire.LAST
    catch_up_seconds: Annotated[int, Field(ge=0, le=_WEEK)] = 3600
    """How old a missed fire time may be and still be made good."""
    overlap: Overlap = Overlap.QUEUE
    gap: Gap = Gap.RUN_AFTER
    fold: Fold = Fold.AUTO
    jitter_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    """Values for the runs of this schedule, before the Task's own."""
    calendars: tuple[ObjectName, ...] = ()
    """On the dates of these calendars it does not fire."""
    pause_after_failures: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Pause after so many failed runs in a row; empty = never."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start_at and self.end_at and self.start_at >= self.end_at:
            refuse("endAt", "must be later than startAt")
        if self.misfire is Misfire.ALL and self.overlap is not Overlap.QUEUE:
            refuse(
                "overlap",
                f"contradicts misfire All: {self.overlap} would drop runs that All makes good; "
                "use overlap Queue or misfire Last",
            )
        if self.misfire is not Misfire.SKIP and self.catch_up_seconds == 0:
            refuse(
                "catchUpSeconds",
                f"contradicts misfire {self.misfire}: nothing is ever made good within 0 seconds; "
                "use misfire Skip",
            )
        return self
