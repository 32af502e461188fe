"""The one place where addresses of calls are built.

A value from a definition becomes exactly one path segment or one query value: it cannot change the
scheme, the host, the depth of the path or the rest of the query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from polysync_core.domain.errors import Invalid

type QueryValue = str | int | bool
type Query = Mapping[str, QueryValue] | Sequence[tuple[str, QueryValue]]
"""The values after the question mark; pairs where a name may be there twice."""

# Characters that are drawn like a separator or a dot and do not normalise to one.
_LOOK_ALIKES = frozenset("\u2044\u2215\u29f8\u29f9\u2216\u2571\u2572\u00b7\u2219\u22c5")
_ADDRESS_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#@!$&()*+,;=%-]{1,2048}")
_UNWANTED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def url(base: str, *segments: str, query: Query | None = None) -> str:
    """Return the address below `base`; a segment that cannot be one raises `Invalid`."""
    path = "".join(f"/{_segment(segment)}" for segment in segments)
    if not query:
        return f"{base}{path}"
    pairs = query.items() if isinstance(query, Mapping) else query
    return f"{base}{path}?" + "&".join(
        f"{quote(name, safe='')}={quote(_text(value), safe='')}" for name, value in pairs
    )


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """A place below a platform's own base address, taken apart so that `url` puts it together."""

    segments: tuple[str, ...]
    query: Mapping[str, str]


def own_address(text: object, base: str) -> OwnAddress | None:
    """Return a platform's link to one of its own places; None where it leads anywhere else.

    A platform's answer may name an address to go on with. It is never followed as it is: scheme,
    host and port must be those of `base`, and only the path and the query are taken over.
    """
    if not isinstance(text, str) or _ADDRESS_CHARACTERS.fullmatch(text) is None:
        return None
    try:
        given, ours = urlsplit(text), urlsplit(base)
        query = dict(parse_qsl(given.query, keep_blank_values=True, errors="strict"))
        segments = [unquote(part, errors="strict") for part in given.path.split("/") if part]
    except ValueError:
        return None
    if (given.scheme, given.netloc.lower()) != (ours.scheme, ours.netloc):
        return None
    if any(part in {".", ".."} or deceptive_character(part) for part in segments):
        return None
    return OwnAddress(tuple(segments), query)


def deceptive_character(text: str) -> str | None:
    """Describe the first control, invisible or look-alike character; None where there is none.

    A character outside ASCII that normalises (NFKC) to one inside it, such as a full-width letter,
    passes for another name in a reader's eyes and after a server's normalisation.
    """
    for character in text:
        if unicodedata.category(character) in _UNWANTED_CATEGORIES:
            return f"the control or invisible character U+{ord(character):04X}"
        if not character.isascii() and _looks_ascii(character):
            return f"the look-alike character U+{ord(character):04X}"
    return None


def _looks_ascii(character: str) -> bool:
    normal = unicodedata.normalize("NFKC", character)
    # A precomposed letter such as U+00FC stays one letter; only a compatibility form turns ASCII.
    return character in _LOOK_ALIKES or any(part.isascii() for part in normal)


def _segment(segment: str) -> str:
    if segment in {"", ".", ".."}:
        raise Invalid.at("", "a part of an address is never empty, '.' or '..'")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in segment):
        raise Invalid.at("", "a part of an address holds no control characters")
    return quote(segment, safe="")


def _text(value: QueryValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
