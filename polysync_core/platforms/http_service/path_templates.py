"""Fills placeholders in URL paths, and keeps each value within one path segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.outbound.urls import url_character_problem
from polysync_core.platforms.http_service.templates import Values, fill_text, problems_of


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A path such as `/api/v2/jobs/{externalId}/run/`."""

    text: str

    @property
    def ends_with_slash(self) -> bool:
        """True if the path ends with a slash, which some services require."""
        return self.text.endswith("/") and self.text != "/"

    @property
    def _parts(self) -> list[str]:
        return [part for part in self.text.split("/") if part]

    def problems(self, known: frozenset[str]) -> Iterator[str]:
        """Yield the problems of the path; `known` has the names of its placeholders."""
        yield from problems_of(self.text, known)
        if not self.text.startswith("/"):
            yield "is a path that begins with /"
        if "//" in self.text or any(part in {".", ".."} for part in self._parts):
            yield "has no empty part and no part that is '.' or '..'"
        if "?" in self.text or "#" in self.text or "%" in self.text:
            yield "has no ?, # or %: a query stands in query, and characters are encoded later"
        character = url_character_problem(self.text)
        if character is not None:
            yield f"holds {character}: remove it"

    def segments(self, values: Values) -> tuple[str, ...]:
        """Return the parts of the path with their placeholders filled, not encoded."""
        return tuple(fill_text(part, values) for part in self._parts)
