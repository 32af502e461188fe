"""Records which fields and entries of a definition or document could not be parsed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from polysync_core.domain.definitions.base import Definition, Kind, is_object_name
from polysync_core.domain.json_types import JsonValue


@dataclass(frozen=True, slots=True)
class UnreadFields:
    """The paths of a definition whose real values are unknown, because they are wrong."""

    paths: frozenset[str] = frozenset()

    def includes(self, path: str) -> bool:
        """Return whether a value or one of its parents is unknown."""
        return any(_is_within(path, each) for each in self.paths)

    def overlaps(self, path: str) -> bool:
        """Return whether a value, one of its parents or one of its parts is unknown."""
        return self.includes(path) or any(_is_within(each, path) for each in self.paths)


ALL_READ = UnreadFields()


def _is_within(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


@dataclass(slots=True)
class Unread:
    """The parts of a document that could not be read; the document may define more than its items.

    A check that depends on an unread part is not made: its result would mislead.
    """

    fields: dict[tuple[Kind, str], UnreadFields] = field(
        default_factory=dict[tuple[Kind, str], UnreadFields]
    )
    """The unread fields of the definitions that are read in part."""
    _names: set[tuple[Kind, str]] = field(default_factory=set[tuple[Kind, str]])
    """The names of the unread entries."""
    _unnamed: set[Kind] = field(default_factory=set[Kind])
    """The kinds with an unread entry whose name is unknown."""

    def fields_of(self, kind: Kind, name: str) -> UnreadFields:
        """Return the unread fields of a definition."""
        return self.fields.get((kind, name), ALL_READ)

    def has_unread_field(self, definition: Definition, kind: Kind, fields: Iterable[str]) -> bool:
        """Return whether one of the fields of a definition is unknown."""
        unread_fields = self.fields_of(kind, definition.name)
        return any(map(unread_fields.overlaps, fields))

    def may_define(self, kind: Kind, name: str) -> bool:
        """Return whether an unread entry may define a name."""
        return kind in self._unnamed or (kind, name) in self._names

    def add_entry(self, kind: Kind, entry: JsonValue) -> None:
        """Note an entry that could not be read, or whose name is wrong."""
        name = entry.get("name") if isinstance(entry, dict) else entry
        if isinstance(name, str) and is_object_name(name):
            self._names.add((kind, name))
        else:
            self._unnamed.add(kind)

    def add_everything(self) -> None:
        """Note that definitions of every kind may exist elsewhere."""
        self._unnamed.update(Kind)

    def add_list(self, kind: Kind, entries: JsonValue) -> None:
        """Note the entries of a list that could not be read."""
        if isinstance(entries, dict):
            # The keys may be meant as names, or the object as the only entry.
            entries = [*entries, *([entries] if "name" in entries else [])]
        for entry in entries if isinstance(entries, list) else [entries]:
            self.add_entry(kind, entry)


def unread_part(kind: Kind, definition: Definition, unread_fields: UnreadFields) -> Unread:
    """Return the unread parts of one definition."""
    return Unread(fields={(kind, definition.name): unread_fields})
