"""Searches definitions of all kinds by a part of the name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.timed_cache import TimedCache

_MOST_NAMES = 20_000
"""The names of one kind that are searched; they take less than a megabyte."""
_ORDER = (
    Kind.TASK,
    Kind.JOB,
    Kind.PLATFORM,
    Kind.CONTENTION_PROFILE,
    Kind.CALENDAR,
    Kind.VAULT,
    Kind.WEBHOOK,
    Kind.RECEIVER,
)
"""The kinds in the order of the results."""


class NameSearch:
    """Searches the names of all definitions in memory.

    The names are read again after some seconds, so a new definition is found with a short delay.
    """

    def __init__(
        self, source: DefinitionSource, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        def names(kind: Kind) -> Sequence[str]:
            return source.names(kind, limit=_MOST_NAMES)

        self._names = TimedCache(names, monotonic=monotonic)

    def of(self, kind: Kind) -> Sequence[str]:
        """Return the names of a kind in order."""
        return self._names.get(kind)

    def find(self, text: str, *, limit: int, kinds: Iterable[Kind] = _ORDER) -> Sequence[Reference]:
        """Return the definitions whose names contain a text, the best first.

        An equal name is best. A name that begins with the text comes before one whose later word
        begins with it, and before one that only contains it.
        """
        wanted = text.strip().lower()
        found = [
            (rank, order, Reference(kind, name))
            for order, kind in enumerate(kinds)
            for name in self._names.get(kind)
            if (rank := _rank(name, wanted)) is not None
        ]
        found.sort(key=lambda each: (each[0], each[1], each[2].name))
        return [reference for _, _, reference in found[:limit]]


def _rank(name: str, wanted: str) -> int | None:
    """Return the quality of a match, 0 for the best; None if the name does not match."""
    if wanted not in name:
        return None
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    return 2 if f"-{wanted}" in name else 3
