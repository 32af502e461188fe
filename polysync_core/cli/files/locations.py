"""Finds the file, line and object behind a path in joined definition files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.kinds import SPECS, Kind
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.text_positions import TextPosition

_ENTRY = re.compile(r"^(?P<kind>\w+)\[(?P<index>\d+)\]\.?(?P<field>.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a file: `sales.yaml:4:10: task first: job`."""

    file: str | None
    position: TextPosition | None
    object: str | None
    """The kind and the name of the definition; its place in the list if it has no name."""
    field: str
    """The path of the field within the definition."""

    def __str__(self) -> str:
        source = self.file
        if source is not None and self.position is not None:
            source = f"{source}:{self.position.line}:{self.position.column}"
        return ": ".join(each for each in (source, self.object, self.field) if each)


@dataclass(frozen=True, slots=True)
class EntryPath:
    """The parts of a path such as `tasks[2].schedules[0].cron`."""

    kind: str
    index: int
    field: str

    @classmethod
    def of(cls, path: str) -> EntryPath | None:
        """Return the parts of a path, or None if it names no entry."""
        found = _ENTRY.match(path)
        return found and cls(found["kind"], int(found["index"]), found["field"])

    def in_file(self, index: int) -> str:
        """Return the path in the file where the entry has another index."""
        if not self.field:
            return f"{self.kind}[{index}]"
        return f"{self.kind}[{index}]{'' if self.field.startswith('[') else '.'}{self.field}"


def title_of(kind: str, index: int, content: JsonObject) -> str:
    """Return the kind and the name of an entry, or its place in the list."""
    entries = content.get(kind)
    entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
    name = entry.get("name") if isinstance(entry, Mapping) else None
    if kind in {*Kind} and isinstance(name, str) and name:
        return f"{SPECS[Kind(kind)].singular} {name}"
    return f"{kind}[{index}]"
