"""Defines saved versions of a definition, with content, author, time and source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.document import Reference, write_definition
from polysync_core.domain.definitions.validation.stored_content import BrokenContent
from polysync_core.domain.json_types import JsonObject

KEPT = 50
"""The number of former versions of a definition that are kept."""


class ChangeSource(StrEnum):
    """The way in which a version was saved."""

    EDIT = "Edit"
    """A single definition was written, in the console or by the API."""
    DOCUMENT = "Document"
    """A document was applied."""
    IMPORT = "Import"
    """An artefact of a platform was imported, or its parameters were synchronised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The caller who saves a definition, and the source of the change."""

    name: str
    source: ChangeSource
    bundle: str | None = None
    """The bundle of an applied document; it owns the definitions that it writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The newest apply of a document that wrote a definition."""

    at: datetime
    by: str
    bundle: str | None = None
    """The bundle that owns the definition; None if it was never applied as a part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a definition, without its content."""

    number: int
    """1 for the first version; a definition that is created again continues the numbers."""
    saved_at: datetime
    author: Author | None
    """None if no author is known, such as for a definition that the app itself stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerVersion:
    """A former version of a definition, with its content."""

    version: Version
    definition: Definition
    broken: BrokenContent | None = None
    """Set if this release cannot read the version; the definition then has placeholders."""

    @property
    def document(self) -> JsonObject:
        """The version as it appears in a document; a broken one keeps its values."""
        return write_definition(self.definition) if self.broken is None else self.broken.content


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """Some versions, newest first; `token` continues the list and is None on the last page."""

    items: Sequence[Version]
    token: str | None


class VersionReader(Protocol):
    """Reads former versions of definitions; every call may raise `Unavailable`."""

    def page(self, reference: Reference, *, limit: int, token: str | None = None) -> VersionPage:
        """Return the former versions of a definition, newest first; also of a deleted one."""
        ...

    def get(self, reference: Reference, number: int) -> FormerVersion | None:
        """Return a former version by one point read."""
        ...
