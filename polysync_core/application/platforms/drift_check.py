"""Compares all Jobs with the platform artefacts every night, and reports differences.

The check marks the parameters that an artefact certainly no longer has, so that the next runs know
it without a call of the platform. It changes nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Protocol, cast

from polysync_core.application.definitions.editing import DefinitionEditing, WriteCondition
from polysync_core.application.platforms.drift import Drift, DriftState, JobDrift
from polysync_core.application.ports import Engine
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.versions import Author, ChangeSource
from polysync_core.domain.definitions.drift.events import DriftEvent
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.run import SYSTEM_ACTOR

BUDGET_SECONDS = 480.0
"""The longest time of one check; a host ends a timer function after ten minutes."""

_GROUP = 40
_DRIFTED = frozenset({DriftState.CHANGED, DriftState.GONE})
_log = logging.getLogger(__name__)


class DriftPublisher(Protocol):
    """Sends the event of a Job's drift to webhooks and receivers."""

    def publish_drift(self, event: DriftEvent) -> None:
        """Send the event; raises `Unavailable`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    """The nightly check; it does nothing unless it is enabled."""

    is_enabled: bool
    jobs: Callable[[], Iterable[Job]]
    """Returns every Job."""
    drift: Drift
    editing: DefinitionEditing
    publisher: DriftPublisher
    clock: Clock
    monotonic: Callable[[], float]

    def check(self, engine: Engine) -> None:
        """Compare the Jobs with their artefacts, as far as the time allows."""
        if not self.is_enabled:
            return
        jobs = self._in_order_of_today()
        checked = drifted = 0
        for found in self._compared(jobs):
            checked += 1
            if found.state in _DRIFTED:
                drifted += 1
                self._report(found, engine)
        _log.info(
            "The Jobs were compared with their artefacts.",
            extra={
                "action": "drift_checked",
                "jobs": checked,
                "drifted": drifted,
                "left": len(jobs) - checked,
            },
        )

    def _in_order_of_today(self) -> list[Job]:
        """Return the Jobs by name, beginning elsewhere each day: a short check misses none."""
        jobs = sorted(self.jobs(), key=lambda job: job.name)
        start = self.clock().toordinal() * _GROUP % len(jobs) if jobs else 0
        return [*jobs[start:], *jobs[:start]]

    def _compared(self, jobs: Sequence[Job]) -> Iterator[JobDrift]:
        ends_at = self.monotonic() + BUDGET_SECONDS
        for group in batched(jobs, _GROUP, strict=False):
            rest: Sequence[Job] = group
            while rest:
                if self.monotonic() > ends_at:
                    return
                found = list(self.drift.of_jobs(rest))
                yield from found
                rest = rest[len(found) :]

    def _report(self, found: JobDrift, engine: Engine) -> None:
        """Mark missing parameters, log the drift and send its event; a failure stops nothing."""
        try:
            job = self._marked(found, engine)
            event = _event(found, job, self.clock)
            _log.warning(
                "The artefact of a Job has changed.",
                extra={
                    "action": "drift_found",
                    "job": found.job,
                    "platform": found.platform,
                    "state": found.state,
                    "reason": event.reason,
                },
            )
            self.publisher.publish_drift(event)
        except PolysyncError as error:
            _log.warning(
                "The drift of a Job could not be reported.",
                extra={"action": "drift_unreported", "job": found.job, "error": str(error)},
            )

    def _marked(self, found: JobDrift, engine: Engine) -> Job:
        """Return the Job, with a mark on each parameter that its artefact no longer has."""
        stored = self.editing.get(Kind.JOB, found.job)
        job, gone = cast("Job", stored.definition), set(found.difference.removed)
        parameters = tuple(
            each.model_copy(update={"missing": True}) if each.name in gone else each
            for each in job.parameters
        )
        if parameters == job.parameters:
            return job
        marked = job.model_copy(update={"parameters": parameters})
        author = Author(name=SYSTEM_ACTOR, source=ChangeSource.IMPORT)
        condition = WriteCondition(if_match=stored.etag)
        self.editing.put(marked, condition, engine=engine, author=author)
        return marked


def _event(found: JobDrift, job: Job, clock: Clock) -> DriftEvent:
    return DriftEvent(
        job=found.job,
        platform=found.platform,
        job_type=found.job_type,
        external_id=found.external_id,
        state=found.state.value,
        at=clock(),
        reason=_reason(found),
        difference=found.difference,
        tasks=[each.task for each in found.tasks],
        tags=job.tags,
    )


def _reason(found: JobDrift) -> str:
    if found.state is DriftState.GONE:
        return f"The artefact of job '{found.job}' is gone: correct its externalId, or delete it."
    reason = f"The artefact of job '{found.job}' has changed: sync the parameters of the job"
    if found.tasks:
        return f"{reason}, and correct the tasks with values that nothing reads any more."
    return f"{reason}."
