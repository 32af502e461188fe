"""Stored definitions, and what the use cases need of their store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored[D: Definition]:
    """A definition as it was read, with the ETag that a change must match."""

    definition: D
    etag: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionPage:
    """Some definitions by name; `token` names the rest, None where there is none."""

    items: Sequence[Stored[Definition]]
    token: str | None


class DefinitionReader(Protocol):
    """Reads single definitions by name; every method raises `NotFound` or `Unavailable`."""

    def task(self, name: str) -> Task:
        """Return a Task, or raise `NotFound`."""
        ...

    def job(self, name: str) -> Job:
        """Return a Job, or raise `NotFound`."""
        ...

    def platform(self, name: str) -> Platform:
        """Return a Platform, or raise `NotFound`."""
        ...

    def vault(self, name: str) -> Vault:
        """Return a Vault, or raise `NotFound`."""
        ...

    def calendar(self, name: str) -> Calendar:
        """Return a calendar, or raise `NotFound`."""
        ...

    def webhook(self, name: str) -> Webhook:
        """Return a webhook, or raise `NotFound`."""
        ...


class DefinitionStore(Protocol):
    """Stored definitions; every call may raise `Unavailable` or, when it writes, `Uncertain`.

    No call's cost grows with the number of definitions, except that of `all`.
    """

    def get(self, kind: Kind, name: str) -> Stored[Definition] | None:
        """Return a definition by one point read."""
        ...

    def announce(self, definition: Definition) -> None:
        """Record what a definition is going to refer to.

        It comes before those things are looked at, and before `put`: then a crash leaves a record
        too many and never one too few, and nothing can be deleted between the look and the write.
        """
        ...

    def put(
        self, definition: Definition, *, replacing: Stored[Definition] | None
    ) -> Stored[Definition]:
        """Write an announced definition over the one it replaces, or a new one over nothing.

        Raises `StaleETag` where there is something else by now.
        """
        ...

    def delete(self, stored: Stored[Definition]) -> None:
        """Delete a definition that is as it was read and that nothing refers to.

        Raises `StaleETag`, or `Conflict` naming what refers to it.
        """
        ...

    def referrers(self, reference: Reference) -> Iterator[Stored[Definition]]:
        """Yield what refers to a definition; the cost depends on how many do."""
        ...

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        ...

    def all(self, kind: Kind) -> Iterator[Stored[Definition]]:
        """Yield every definition of a kind by name."""
        ...
