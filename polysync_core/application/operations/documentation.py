"""Searches the documentation that is deployed with the app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from polysync_core.application.operations.documentation_search import (
    Section,
    SectionIndex,
    sections_of,
)
from polysync_core.domain.errors import Unavailable

_LIST = "http-api.md"
"""The generated list of operations; it repeats the words of the pages that explain them."""


@dataclass(frozen=True, kw_only=True)
class Documentation:
    """The use case of a search; the first search reads and indexes the pages."""

    folder: Path

    def search(self, question: str, *, limit: int) -> list[Section]:
        """Return the sections that match a question best.

        Raises `Unavailable` if the deployment contains no documentation.
        """
        return self._index.best(question, limit=limit)

    @cached_property
    def _index(self) -> SectionIndex:
        pages = sorted(page for page in self.folder.rglob("*.md") if page.name != _LIST)
        if not pages:
            raise Unavailable("The documentation is not part of this deployment.")
        return SectionIndex(
            section
            for page in pages
            for section in sections_of(
                page.relative_to(self.folder).as_posix(), page.read_text(encoding="utf-8")
            )
        )
