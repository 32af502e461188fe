"""Finds the concurrency limits that the upcoming runs of a period will exceed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from polysync_core.application.schedules.upcoming import Position, UpcomingFire
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ConcurrencyProfile
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task

type Read = Callable[[Kind, str], Definition | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TightLimits:
    """Compares expected runs with concurrency limits; changes nothing."""

    definitions: DefinitionSource

    def exceeded(self, fires: Sequence[UpcomingFire]) -> Mapping[Position, Sequence[str]]:
        """Return the limits that the listed runs exceed, by the fire time that exceeds them.

        Only the runs of these fire times count, with their usual durations. Each definition costs
        one point read.
        """

        @cache
        def read(kind: Kind, name: str) -> Definition | None:
            stored = self.definitions.get(kind, name)
            return None if stored is None else stored.definition

        tasks = {fire.task for fire in fires}
        return exceeded_limits(fires, {task: _slots(task, read) for task in tasks})


def _slots(task: str, read: Read) -> Mapping[str, int]:
    """Return the concurrency limits of a Task's runs with their sizes."""
    found = read(Kind.TASK, task)
    job = read(Kind.JOB, found.job) if isinstance(found, Task) else None
    platform = read(Kind.PLATFORM, job.platform) if isinstance(job, Job) else None
    names: Iterable[str] = (
        *(found.contention_profiles if isinstance(found, Task) else ()),
        *(platform.contention_profiles if isinstance(platform, Platform) else ()),
    )
    profiles = (read(Kind.CONTENTION_PROFILE, name) for name in names)
    return {
        profile.name: profile.settings.max_concurrent_tasks
        for profile in profiles
        if isinstance(profile, ConcurrencyProfile) and profile.enabled
    }


def exceeded_limits(
    fires: Sequence[UpcomingFire], slots: Mapping[str, Mapping[str, int]]
) -> Mapping[Position, Sequence[str]]:
    """Return the limits that the expected runs exceed at the start of each fire time.

    `slots` has, for each Task, the concurrency limits of its runs with their sizes. A run without
    a known duration counts only at its own start.
    """
    found: dict[Position, Sequence[str]] = {}
    for fire in fires:
        if fire.excluded_by is not None:
            continue
        active = [other for other in fires if _is_active(other, fire.starts_at)]
        exceeded = [
            name
            for name, size in slots.get(fire.task, {}).items()
            if sum(name in slots.get(other.task, {}) for other in active) > size
        ]
        if exceeded:
            found[fire.position] = exceeded
    return found


def _is_active(fire: UpcomingFire, moment: datetime) -> bool:
    if fire.excluded_by is not None or fire.starts_at > moment:
        return False
    end = fire.expected_end
    return fire.starts_at == moment if end is None else moment < end
