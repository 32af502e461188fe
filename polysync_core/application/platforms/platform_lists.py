"""Continues a platform's list of artefacts or runs from a continuation token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.errors import Conflict

type EntryKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlatformList[T]:
    """A list of a platform with its filters; an entry is found again by its key."""

    name: Sequence[str | None]
    """The texts that identify the list; a token of another list is refused."""
    key_of: Callable[[T], EntryKey]

    def token_after(self, entry: T) -> str:
        """Return the token of the position directly after an entry."""
        return encode_position(self.name, self.key_of(entry))

    def rest(self, entries: Iterator[T], token: str | None) -> Iterator[T]:
        """Yield the entries after the position of a token.

        Raises `Malformed` for a token of another list, and `Conflict` if the entry has vanished.
        """
        return entries if token is None else self._after(decode_position(self.name, token), entries)

    def _after(self, key: tuple[str | None, ...], entries: Iterator[T]) -> Iterator[T]:
        for entry in entries:
            if self.key_of(entry) == key:
                yield from entries
                return
        raise Conflict("The platform's list has changed: start again without a token.")
