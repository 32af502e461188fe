"""Defines the schedule settings that the schedule state stores: cron, time zone and calendars.

An edit can therefore still settle the fire times that were due before the edit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from pydantic import ValidationError

from polysync_core.domain.definitions.schedules import Fold, Gap, Misfire, Schedule
from polysync_core.domain.definitions.tasks import Task

_POLICIES = frozenset({"misfire", "catch_up_seconds", "jitter_seconds"})
"""The parts that apply to fire times which have not run yet; they move none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The timing of a schedule at its last sync."""

    cron: str
    time_zone: str
    start_at: datetime | None
    end_at: datetime | None
    gap: Gap
    fold: Fold
    calendars: tuple[str, ...]
    is_enabled: bool
    """True if both the Task and the schedule were enabled."""
    misfire: Misfire
    catch_up_seconds: int
    jitter_seconds: int

    def has_times_of(self, other: Timing) -> bool:
        """Return whether both timings have the same fire times."""
        names = (each.name for each in fields(self) if each.name not in _POLICIES)
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def schedule(self, name: str) -> Schedule | None:
        """Return a schedule with this timing; None if this version cannot read it any more."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["is_enabled"]
        try:
            return Schedule(name=name, **values)
        except ValidationError:
            return None


def timing_of(task: Task, schedule: Schedule) -> Timing:
    """Return the timing of a schedule."""
    return Timing(
        cron=schedule.cron,
        time_zone=schedule.time_zone,
        start_at=schedule.start_at,
        end_at=schedule.end_at,
        gap=schedule.gap,
        fold=schedule.fold,
        calendars=schedule.calendars,
        is_enabled=task.enabled and schedule.enabled,
        misfire=schedule.misfire,
        catch_up_seconds=schedule.catch_up_seconds,
        jitter_seconds=schedule.jitter_seconds,
    )
