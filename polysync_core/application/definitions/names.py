"""Keeps the names of definitions in memory, for search fields and lists of choices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.timed_cache import TimedCache

MAX_NAMES = 20_000
"""The most names of a kind that are kept."""


class DefinitionNames:
    """The names of definitions, at most fifteen seconds old; a read gets keys only."""

    def __init__(
        self, source: DefinitionSource, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._cache = TimedCache[Kind, Sequence[str]](
            lambda kind: source.names(kind, limit=MAX_NAMES), monotonic=monotonic
        )

    def of(self, kind: Kind) -> Sequence[str]:
        """Return the names of a kind in order."""
        return self._cache.get(kind)

    def search(self, text: str, kinds: Sequence[Kind], *, limit: int) -> list[Reference]:
        """Return the definitions whose names begin with a text, then those that contain it."""
        wanted = text.strip().lower()
        return list(islice(self._matches(wanted, kinds), limit)) if wanted else []

    def _matches(self, wanted: str, kinds: Sequence[Kind]) -> Iterator[Reference]:
        for matches in (_begins, _contains):
            for kind in kinds:
                for name in self.of(kind):
                    if matches(name, wanted):
                        yield Reference(kind, name)


def _begins(name: str, wanted: str) -> bool:
    return name.startswith(wanted)


def _contains(name: str, wanted: str) -> bool:
    return wanted in name and not name.startswith(wanted)
