"""Records the parts of a definition or document that could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from polysync_core.domain.definitions.base import Definition, Kind, is_object_name
from polysync_core.domain.json_types import JsonValue


@dataclass(frozen=True, slots=True)
class Doubts:
    """The paths of a definition whose real values are unknown, because they are wrong."""

    paths: frozenset[str] = frozenset()

    def cover(self, path: str) -> bool:
        """Return whether a value or one of its parents is unknown."""
        return any(_is_within(path, each) for each in self.paths)

    def touch(self, path: str) -> bool:
        """Return whether a value, one of its parents or one of its parts is unknown."""
        return self.cover(path) or any(_is_within(each, path) for each in self.paths)


NO_DOUBTS = Doubts()


def _is_within(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


@dataclass(slots=True)
class Unread:
    """The parts of a document that could not be read; the document may define more than its items.

    A check that depends on an unread part is not made: its result would mislead.
    """

    doubts: dict[tuple[Kind, str], Doubts] = field(default_factory=dict[tuple[Kind, str], Doubts])
    """The doubts about the definitions that are read in part."""
    _names: set[tuple[Kind, str]] = field(default_factory=set[tuple[Kind, str]])
    """The names of the unread entries."""
    _unnamed: set[Kind] = field(default_factory=set[Kind])
    """The kinds with an unread entry whose name is unknown."""

    def about(self, kind: Kind, name: str) -> Doubts:
        """Return the doubts about a definition."""
        return self.doubts.get((kind, name), NO_DOUBTS)

    def is_doubtful(self, definition: Definition, kind: Kind, fields: Iterable[str]) -> bool:
        """Return whether one of the fields of a definition is unknown."""
        doubts = self.about(kind, definition.name)
        return any(map(doubts.touch, fields))

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

    def add_list(self, kind: Kind, entries: JsonValue) -> None:
        """Note the entries of a list that could not be read."""
        if isinstance(entries, dict):
            # The keys may be meant as names, or the object as the only entry.
            entries = [*entries, *([entries] if "name" in entries else [])]
        for entry in entries if isinstance(entries, list) else [entries]:
            self.add_entry(kind, entry)


def unread_part(kind: Kind, definition: Definition, doubts: Doubts) -> Unread:
    """Return the unread parts of one definition."""
    return Unread(doubts={(kind, definition.name): doubts})
