"""Lists and reads the saved versions of a definition."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.definitions.suggestions import unknown
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.changes.versions import (
    KEPT,
    FormerVersion,
    Version,
    VersionPage,
    VersionReader,
)
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionList:
    """The versions of a definition; `current` is None if it is deleted."""

    current: Version | None
    former: VersionPage


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionVersions:
    """The use cases of the versions of definitions."""

    source: DefinitionSource
    versions: VersionReader

    def page(self, reference: Reference, *, limit: int, token: str | None = None) -> VersionList:
        """Return the present version and the former ones, newest first.

        Raises `NotFound` for a definition that never existed, or whose versions have expired.
        """
        stored = self.source.get(reference.kind, reference.name)
        current = None if stored is None else _version_of(stored)
        found = self.versions.page(reference, limit=limit, token=token)
        if current is None and not found.items and token is None:
            raise unknown(reference, self.source)
        former = [each for each in found.items if current is None or each.number < current.number]
        return VersionList(current=current, former=VersionPage(items=former, token=found.token))

    def get(self, reference: Reference, number: int) -> FormerVersion:
        """Return a version with its content, or raise `NotFound`."""
        stored = self.source.get(reference.kind, reference.name)
        if stored is not None and stored.version == number:
            return FormerVersion(
                version=_version_of(stored), definition=stored.definition, broken=stored.broken
            )
        former = self.versions.get(reference, number)
        if former is None or (stored is not None and number > stored.version):
            raise NotFound(
                f"There is no version {number} of {reference}; the newest {KEPT} are kept."
            )
        return former


def _version_of(stored: StoredDefinition[Definition]) -> Version:
    return Version(number=stored.version, saved_at=stored.updated_at, author=stored.author)
