"""Places in the lists that platforms give, which have no places of their own that last."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.errors import Conflict, Malformed

type Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after the entry that these texts name."""

    place: Place

    @classmethod
    def read(cls, token: str) -> Cursor:
        """Return the place that a token names; anything else is `Malformed`."""
        try:
            content: object = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, binascii.Error, RecursionError):
            content = None
        entries = cast("list[object]", content) if isinstance(content, list) else []
        place = tuple(each for each in entries if isinstance(each, str))
        if not place or len(place) < len(entries):
            raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
        return cls(place)

    @property
    def token(self) -> str:
        """The place as an opaque text that may travel in a URL."""
        content = json.dumps(self.place).encode()
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    def rest[T](self, entries: Iterator[T], place_of: Callable[[T], Place]) -> Iterator[T]:
        """Yield what comes after this place; raises `Conflict` where it is not there any more."""
        for entry in entries:
            if place_of(entry) == self.place:
                yield from entries
                return
        raise Conflict("The platform's list has changed meanwhile: begin from the start.")
