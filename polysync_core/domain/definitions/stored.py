"""Defines stored definitions, and the storage interfaces that read and write definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Applied, Author
from polysync_core.domain.definitions.document import BROKEN_FIELD, Reference, write_definition
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.receivers import Receiver
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.task_links import TaskLinks
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.stored_content import BrokenContent
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDefinition[D: Definition]:
    """A definition with the ETag that the next write must match."""

    definition: D
    etag: str
    updated_at: datetime
    broken: BrokenContent | None = None
    """Set if this version cannot read the row; the definition then has placeholders."""
    version: int = 1
    author: Author | None = None
    """The author of this version; None if no author is known."""
    applied: Applied | None = None
    """The newest apply of a document that wrote the definition, in this version or before."""

    @property
    def bundle(self) -> str | None:
        """The bundle that owns the definition; only this bundle prunes it."""
        return None if self.applied is None else self.applied.bundle


def readable(stored: StoredDefinition[Definition] | None) -> Definition | None:
    """Return the definition of a row that this version can read."""
    return None if stored is None or stored.broken is not None else stored.definition


def stored_document(stored: StoredDefinition[Definition]) -> JsonObject:
    """Return a stored definition as it appears in a document; a broken one keeps its values."""
    return write_definition(stored.definition) if stored.broken is None else stored.broken.content


def exported(stored: StoredDefinition[Definition]) -> JsonObject:
    """Return a stored definition for an export; the field `broken` names the fault."""
    document = stored_document(stored)
    return document if stored.broken is None else {**document, BROKEN_FIELD: stored.broken.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionPage:
    """Some definitions by name; `token` continues the list and is None on the last page."""

    items: Sequence[StoredDefinition[Definition]]
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

    def vault_names(self) -> list[str]:
        """Return the names of all Vaults, for suggestions."""
        ...

    def calendar(self, name: str) -> Calendar:
        """Return a calendar, or raise `NotFound`."""
        ...

    def webhook(self, name: str) -> Webhook:
        """Return a webhook, or raise `NotFound`."""
        ...

    def receiver(self, name: str) -> Receiver:
        """Return a receiver of notifications, or raise `NotFound`."""
        ...


class DefinitionSource(Protocol):
    """Reads stored definitions; every call may raise `Unavailable`.

    The cost of a call does not grow with the number of definitions, except that of `all`.
    """

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        """Return a definition by one point read."""
        ...

    def referrers(
        self, reference: Reference, *, kind: Kind | None = None, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield the referrers of a definition; the cost depends on their number.

        `kind` selects the referrers of one kind, by name, and `after` those after a name.
        """
        ...

    def listeners(self, source: str) -> Iterator[StoredDefinition[Definition]]:
        """Yield the Tasks whose arrivals may accept the events of a source.

        The cost depends on their number.
        """
        ...

    def count_referrers(self, reference: Reference, kind: Kind, *, limit: int) -> int:
        """Return the number of referrers of one kind, at most `limit`, by one range read."""
        ...

    def names(self, kind: Kind, *, limit: int) -> Sequence[str]:
        """Return the first names of a kind; `limit` bounds the cost."""
        ...

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        ...

    def all(
        self, kind: Kind, *, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield every definition of a kind by name, or only those after a name."""
        ...

    def task_links(self) -> Iterator[TaskLinks]:
        """Yield the links of every Task by name, without the cost of complete definitions."""
        ...


class NothingStored:
    """A source without definitions, against which files are checked without a host."""

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        """Return None."""
        return None

    def referrers(
        self, reference: Reference, *, kind: Kind | None = None, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield nothing."""
        return iter(())

    def listeners(self, source: str) -> Iterator[StoredDefinition[Definition]]:
        """Yield nothing."""
        return iter(())

    def count_referrers(self, reference: Reference, kind: Kind, *, limit: int) -> int:
        """Return 0."""
        return 0

    def names(self, kind: Kind, *, limit: int) -> Sequence[str]:
        """Return no name."""
        return ()

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return an empty page."""
        return DefinitionPage(items=(), token=None)

    def all(
        self, kind: Kind, *, after: str | None = None
    ) -> Iterator[StoredDefinition[Definition]]:
        """Yield nothing."""
        return iter(())

    def task_links(self) -> Iterator[TaskLinks]:
        """Yield nothing."""
        return iter(())


class DefinitionStore(DefinitionSource, Protocol):
    """Stores definitions; every call may raise `Unavailable` and every write also `Uncertain`.

    Only `DefinitionWriter` writes through this port, because it performs the consequences.
    """

    def index_references(self, definition: Definition) -> None:
        """Record the references of a definition before the definition is written.

        The writer calls it before it checks that the targets exist, and before `put`. A crash then
        leaves a superfluous record, never a missing one. No target can be deleted between the
        check and the write.
        """
        ...

    def put(
        self,
        definition: Definition,
        *,
        replacing: StoredDefinition[Definition] | None,
        author: Author | None = None,
    ) -> StoredDefinition[Definition]:
        """Create a definition or replace one; raises `StaleETag` after another write.

        The references of the definition must be indexed. The replaced version is kept.
        """
        ...

    def delete(self, stored: StoredDefinition[Definition]) -> None:
        """Delete a definition; raises `StaleETag`, or `Conflict` that names the referrers.

        Its last version is kept.
        """
        ...
