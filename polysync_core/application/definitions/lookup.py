"""Reads stored definitions by name, kind or reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from polysync_core.application.definitions.suggestions import unknown
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.receivers import Receiver, ReceiverBase
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Broken, Conflict

_READERS = 8


class DefinitionLookup:
    """Implements `DefinitionReader`; each definition costs one point read."""

    def __init__(self, source: DefinitionSource) -> None:
        self._source = source

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition]:
        """Return a definition with its ETag, or raise `NotFound`."""
        return found(self._source, Reference(kind, name))

    def task(self, name: str) -> Task:
        """Return a Task, or raise `NotFound`."""
        return self._of(Task, Kind.TASK, name)

    def job(self, name: str) -> Job:
        """Return a Job, or raise `NotFound`."""
        return self._of(Job, Kind.JOB, name)

    def platform(self, name: str) -> Platform:
        """Return a Platform, or raise `NotFound`."""
        return self._of(Platform, Kind.PLATFORM, name)

    def vault(self, name: str) -> Vault:
        """Return a Vault, or raise `NotFound`."""
        return self._of(Vault, Kind.VAULT, name)

    def vault_names(self) -> list[str]:
        """Return the names of all Vaults; the cost depends on their number."""
        return [vault.name for vault in self._all(Vault, Kind.VAULT)]

    def calendar(self, name: str) -> Calendar:
        """Return a calendar, or raise `NotFound`."""
        return self._of(Calendar, Kind.CALENDAR, name)

    def webhook(self, name: str) -> Webhook:
        """Return a webhook, or raise `NotFound`."""
        return self._of(Webhook, Kind.WEBHOOK, name)

    def webhooks(self) -> list[Webhook]:
        """Return every webhook; the cost depends on the number of webhooks."""
        return list(self._all(Webhook, Kind.WEBHOOK))

    def receiver(self, name: str) -> Receiver:
        """Return a receiver of notifications, or raise `NotFound`."""
        return cast("Receiver", self._of(ReceiverBase, Kind.RECEIVER, name))

    def receivers(self) -> list[Receiver]:
        """Return every receiver; the cost depends on the number of receivers."""
        return [cast("Receiver", each) for each in self._all(ReceiverBase, Kind.RECEIVER)]

    def jobs(self) -> Iterator[Job]:
        """Yield every Job."""
        return self._all(Job, Kind.JOB)

    def jobs_on(self, platform: str) -> Iterator[Job]:
        """Yield the Jobs of a Platform; the cost depends on the number of all Jobs.

        One range read of all Jobs costs far less than one point read for each Job of the Platform.
        """
        return (job for job in self._all(Job, Kind.JOB) if job.platform == platform)

    def jobs_after(self, platform: str, name: str | None) -> Iterator[Job]:
        """Yield the Jobs of a Platform by name, those after `name`; each costs one point read."""
        reference = Reference(Kind.PLATFORM, platform)
        for stored in self._source.referrers(reference, kind=Kind.JOB, after=name):
            if stored.broken is None:
                yield _checked(Job, stored)

    def task_counts(self, jobs: Sequence[str], *, limit: int) -> Mapping[str, int]:
        """Return the number of Tasks of each Job, at most `limit` of one Job."""

        def count(job: str) -> int:
            return self._source.count_referrers(Reference(Kind.JOB, job), Kind.TASK, limit=limit)

        with ThreadPoolExecutor(_READERS, thread_name_prefix="task-counter") as readers:
            return dict(zip(jobs, readers.map(count, jobs), strict=True))

    def tasks_of(self, job: str) -> Iterator[Task]:
        """Yield the Tasks of a Job; the cost depends on their number."""
        for stored in self._source.referrers(Reference(Kind.JOB, job)):
            if isinstance(stored.definition, Task):
                yield stored.definition

    def _of[D: Definition](self, model: type[D], kind: Kind, name: str) -> D:
        return _checked(model, self.get(kind, name))

    def _all[D: Definition](self, model: type[D], kind: Kind) -> Iterator[D]:
        """Yield the definitions of a kind that this version can read."""
        stored = (each for each in self._source.all(kind) if each.broken is None)
        return (_checked(model, each) for each in stored)


def found(source: DefinitionSource, reference: Reference) -> StoredDefinition[Definition]:
    """Return a definition, or raise `NotFound` with the most similar names."""
    stored = source.get(reference.kind, reference.name)
    if stored is None:
        raise unknown(reference, source)
    return stored


def _checked[D: Definition](model: type[D], stored: StoredDefinition[Definition]) -> D:
    """Return a definition that may be used, or raise `Conflict` for a broken one."""
    definition = stored.definition
    if stored.broken is not None:
        raise Conflict(
            f"The stored {reference_to(definition)} breaks a rule of this version "
            f"({stored.broken.reason}): replace it or delete it."
        )
    if not isinstance(definition, model):
        raise Broken(f"the store returned a {type(definition).__name__}, not a {model.__name__}")
    return definition
