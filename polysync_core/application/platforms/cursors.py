"""Builds continuation tokens for platform lists without a stable cursor."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.errors import Conflict, Malformed

type Position = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a list: directly after the entry with this key."""

    position: Position

    @classmethod
    def parse(cls, token: str) -> Cursor:
        """Return the cursor of a token, or raise `Malformed`."""
        try:
            content: object = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, binascii.Error, RecursionError):
            content = None
        entries = cast("list[object]", content) if isinstance(content, list) else []
        position = tuple(each for each in entries if isinstance(each, str))
        if not position or len(position) < len(entries):
            raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
        return cls(position)

    @property
    def token(self) -> str:
        """The cursor as an opaque text that is safe in a URL."""
        content = json.dumps(self.position).encode()
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    def rest[T](self, entries: Iterator[T], position_of: Callable[[T], Position]) -> Iterator[T]:
        """Yield the entries after the cursor; raises `Conflict` if its entry has vanished."""
        for entry in entries:
            if position_of(entry) == self.position:
                yield from entries
                return
        raise Conflict("The platform's list has changed: start again without a token.")
