"""Reads a definition, or the last stored version if the definition is deleted."""

from __future__ import annotations

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.suggestions import unknown
from polysync_core.domain.definitions.base import Definition, Kind, RowFacts
from polysync_core.domain.definitions.changes.versions import FormerVersion, VersionReader
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, NotFound


class DeletedDefinitions(DefinitionLookup):
    """Reads a definition, or the last version of a deleted one; a `DefinitionReader`."""

    def __init__(self, source: DefinitionSource, versions: VersionReader) -> None:
        super().__init__(source)
        self._versions = versions

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition]:
        """Return a definition, or raise `NotFound` if no version of it is kept."""
        try:
            return super().get(kind, name)
        except NotFound:
            reference = Reference(kind, name)
            former = self._last(reference)
            if former is None:
                raise unknown(reference, self._source) from None
        return StoredDefinition(
            definition=former.definition,
            etag="",
            version=former.version.number,
            updated_at=former.version.saved_at,
            author=former.version.author,
            broken=former.broken,
        )

    def last_task(self, name: str, *, born: int) -> Task | None:
        """Return a deleted Task; `born` is the number of its first version.

        None if no version is kept that this release can read.
        """
        try:
            return self.task(name).with_row(RowFacts(born=born))
        except (NotFound, Conflict):
            return None

    def _last(self, reference: Reference) -> FormerVersion | None:
        newest = self._versions.page(reference, limit=1).items
        return self._versions.get(reference, newest[0].number) if newest else None
