"""Defines secret values, and `vault://` references to secrets.

Only an activity resolves a reference; everything else holds the reference.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue

_SCHEME = "vault://"

_REFERENCE = re.compile(r"vault://([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)/([A-Za-z0-9_.\-/]{1,255})")


class Secret:
    """A secret value that shows itself only to `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; call this only to send it to its service."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is never serialised")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A reference `vault://<vault>/<secret>` to one secret of a vault."""

    vault: str
    secret: str

    def __str__(self) -> str:
        return f"vault://{self.vault}/{self.secret}"

    @classmethod
    def parse(cls, text: str, *, path: str) -> SecretReference:
        """Return the reference, or raise `Invalid` at `path`."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise Invalid.at(path, "a secret reference has the form vault://<vault>/<secret>")
        return cls(found[1], found[2])


def is_secret_reference(value: object) -> bool:
    """Return whether a value starts like a reference, well formed or not."""
    return isinstance(value, str) and value.startswith(_SCHEME)


def resembles_reference(text: str) -> bool:
    """Return whether a text is a reference in spite of its letter case and spaces."""
    # The scheme needs eight characters, so a long text is not searched.
    visible = (each for each in text[:200] if unicodedata.category(each)[0] not in "ZC")
    start = unicodedata.normalize("NFKC", "".join(visible))
    return start.casefold().startswith(_SCHEME)


def references_in(value: JsonValue) -> Iterator[str]:
    """Yield every text in a JSON value that resembles a reference, also within JSON texts."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as inner:
                waiting += [*inner, *inner.values()]
            case list() as inner:
                waiting += inner
            case str() as text:
                if resembles_reference(text):
                    yield text
                elif text.lstrip()[:1] in {"{", "[", '"'}:
                    waiting += _parsed(text)
            case _:
                pass


def _parsed(text: str) -> list[JsonValue]:
    """Return the JSON value of a text in a list; an empty list if the text is not JSON."""
    try:
        return [cast("JsonValue", json.loads(text))]
    except (ValueError, RecursionError):
        return []
