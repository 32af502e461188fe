"""Formats the errors and warnings of `polysync validate` as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.documents import JoinedDocument
from polysync_core.cli.files.locations import Location
from polysync_core.cli.files.offline_check import OfflineCheck
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An error or a warning with its place."""

    location: Location | None
    """The place of the finding; None if the message names the file."""
    message: str
    path: str = ""
    """The path in the joined document."""
    details: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """Yield the line of the finding, then its details."""
        prefix = "" if self.location is None else f"{self.location}: "
        yield f"{prefix}{self.message}"
        for detail in self.details:
            yield f"  {detail}"

    def as_json(self) -> JsonObject:
        """Return the finding for programs."""
        location, position = self.location, self.location and self.location.position
        return {
            "file": location and location.file,
            "line": position and position.line,
            "column": position and position.column,
            "object": location and location.object,
            "path": self.path,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The errors and the warnings of all files."""

    errors: Sequence[Finding]
    warnings: Sequence[Finding]
    omitted: int
    """The number of errors that are not listed."""
    files: int
    definitions: int

    @property
    def is_valid(self) -> bool:
        """True if there is no error."""
        return not self.errors

    @classmethod
    def of(cls, document: JoinedDocument, checked: OfflineCheck) -> Validation:
        """Return the findings with their places."""
        return cls(
            errors=[
                *map(_unreadable, document.unreadable),
                *_findings(document, checked.problems),
            ],
            warnings=[*_findings(document, checked.warnings)],
            omitted=checked.omitted,
            files=len(document.files),
            definitions=checked.definitions,
        )

    def summary(self) -> str:
        """Return the counts in words."""
        definitions, files = _count(self.definitions, "definition"), _count(self.files, "file")
        return f"Valid: {definitions} in {files}."

    def notes(self) -> Iterator[str]:
        """Yield the lines for standard error."""
        for error in self.errors:
            yield from error.lines()
        for warning in self.warnings:
            first, *others = warning.lines()
            yield f"Warning: {first}"
            yield from others
        if self.errors:
            yield f"Invalid: {_count(len(self.errors) + self.omitted, 'error')}."

    def as_json(self) -> JsonValue:
        """Return the findings and the counts for programs."""
        return {
            "valid": self.is_valid,
            "files": self.files,
            "definitions": self.definitions,
            "errors": [each.as_json() for each in self.errors],
            "warnings": [each.as_json() for each in self.warnings],
            "omittedErrors": self.omitted,
        }


def _unreadable(error: BadDocument) -> Finding:
    return Finding(location=None, message=str(error), details=error.details)


def _findings(document: JoinedDocument, problems: Sequence[Problem]) -> Iterator[Finding]:
    places = document.locations([each.path for each in problems])
    for each in problems:
        yield Finding(location=places[each.path], message=each.message, path=each.path)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
