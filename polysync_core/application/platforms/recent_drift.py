"""Caches the differences between Jobs and platform artefacts for some minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from polysync_core.application.platforms.drift import Drift, JobDrift
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.sized_cache import SizedCache

KEPT_FOR = timedelta(minutes=10)
_MAX_JOBS = 5_000

type _Stored = StoredDefinition[Definition]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDrift:
    """The drift of a Job with the time of the comparison."""

    drift: JobDrift
    at: datetime


class RecentDrift:
    """Compares Jobs with their artefacts, unless this process has done so recently.

    The result belongs to one version of the Job: an edit of the Job discards it.
    """

    def __init__(self, drift: Drift, clock: Clock) -> None:
        self._drift = drift
        self._clock = clock
        self._known = SizedCache[tuple[str, str], CheckedDrift](_MAX_JOBS)

    def known(self, jobs: Sequence[_Stored]) -> Mapping[str, CheckedDrift]:
        """Return the recent comparisons of some Jobs, by name, without a platform call."""
        now = self._clock()
        found = ((each, self._known.get((each.definition.name, each.etag))) for each in jobs)
        return {
            each.definition.name: checked
            for each, checked in found
            if checked is not None and now - checked.at < KEPT_FOR
        }

    def checked(self, jobs: Sequence[_Stored]) -> Mapping[str, CheckedDrift]:
        """Return the drift of some Jobs, as far as the time of one call allows."""
        known = self.known(jobs)
        rest = {each.definition.name: each for each in jobs if each.definition.name not in known}
        found: dict[str, CheckedDrift] = {**known}
        for drift in self._drift.of_jobs([cast("Job", each.definition) for each in rest.values()]):
            checked = CheckedDrift(drift=drift, at=self._clock())
            self._known.put((drift.job, rest[drift.job].etag), checked, size=1)
            found[drift.job] = checked
        return found

    def forget(self, stored: _Stored) -> None:
        """Discard the result of one Job, so that the next comparison reads its artefact."""
        self._known.remove((stored.definition.name, stored.etag))
