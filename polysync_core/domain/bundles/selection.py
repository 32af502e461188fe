"""Selects the definitions to export by kind, name and tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from polysync_core.domain.definitions.base import Definition, Kind

_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSelection:
    """Selects definitions; each condition that is set must hold."""

    kinds: tuple[Kind, ...] = ()
    """Empty means every kind."""
    names: tuple[str, ...] = ()
    """Names, or patterns with `*` and `?`; empty means every name."""
    tag: str | None = None
    """The name of a tag, or `name=value`. Only Jobs and Tasks have tags."""

    @property
    def exact_names(self) -> tuple[str, ...] | None:
        """The names to read one by one; None if every definition must be examined."""
        if not self.names or any(_WILDCARDS & set(name) for name in self.names):
            return None
        return tuple(dict.fromkeys(self.names))

    def includes(self, kind: Kind) -> bool:
        """Return whether definitions of a kind are selected."""
        return not self.kinds or kind in self.kinds

    def accepts(self, definition: Definition) -> bool:
        """Return whether a definition of a selected kind is selected."""
        is_named = not self.names or any(fnmatchcase(definition.name, each) for each in self.names)
        return is_named and (self.tag is None or has_tag(tags_of(definition), self.tag))


def tags_of(definition: Definition) -> Mapping[str, str]:
    """Return the tags of a definition; empty for a kind without tags."""
    return getattr(definition, "tags", {})


def has_tag(tags: Mapping[str, str], wanted: str) -> bool:
    """Return whether tags contain `name` or `name=value`."""
    return any(wanted in {name, f"{name}={value}"} for name, value in tags.items())


EVERYTHING = ExportSelection()
