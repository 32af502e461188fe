"""Reads and searches the product documentation that is deployed with the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from polysync_core.application.operations.documentation_search import (
    Section,
    SectionIndex,
    sections_of,
)
from polysync_core.domain.errors import NotFound, Unavailable

_LIST = "http-api.md"
"""The generated list of operations; it repeats the words of the pages that explain them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentationPage:
    """A page of the documentation."""

    path: str
    """The path of the file in the folder, such as `reference/runs.md`."""
    title: str


@dataclass(frozen=True, kw_only=True)
class Documentation:
    """The use cases of the documentation; the first search reads and indexes the pages."""

    folder: Path

    def search(self, question: str, *, limit: int) -> list[Section]:
        """Return the sections that match a question best.

        Raises `Unavailable` if the deployment contains no documentation.
        """
        return self._index.best(question, limit=limit)

    def pages(self) -> Sequence[DocumentationPage]:
        """Return every page, in the order of their paths.

        Raises `Unavailable` if the deployment contains no documentation.
        """
        return [
            DocumentationPage(path=path, title=_title_of(content))
            for path, content in self._contents.items()
        ]

    def page(self, path: str) -> str:
        """Return the Markdown of a page such as `reference/runs.md`, or raise `NotFound`."""
        content = self._contents.get(path)
        if content is None:
            raise NotFound("The documentation has no such page.")
        return content

    @cached_property
    def _contents(self) -> Mapping[str, str]:
        """The Markdown of every page by its path. No other file can be read."""
        files = sorted(self.folder.rglob("*.md"))
        if not files:
            raise Unavailable("The documentation is not part of this deployment.")
        return {
            file.relative_to(self.folder).as_posix(): file.read_text(encoding="utf-8")
            for file in files
        }

    @cached_property
    def _index(self) -> SectionIndex:
        return SectionIndex(
            section
            for path, content in self._contents.items()
            if not path.endswith(_LIST)
            for section in sections_of(path, content)
        )


def _title_of(content: str) -> str:
    return content.partition("\n")[0].lstrip("# ")
