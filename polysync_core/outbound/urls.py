"""Builds URLs from path segments and query values, and validates complete URLs.

A value from a definition becomes exactly one path segment or one query value. It cannot change the
scheme, the host, the depth of the path or the rest of the query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import BaseAddress, HostRule

EXAMPLE = "https://hooks.example.com/polysync"

type QueryValue = str | int | bool
type Query = Mapping[str, QueryValue] | Sequence[tuple[str, QueryValue]]
"""The query of a URL; pairs are for names that occur more than once."""

_WHOLE_URL = re.compile(
    r"(?P<origin>[^:/?#]*://[^/?#]*)(?P<target>[^#]*)(?P<fragment>#.*)?", re.DOTALL
)
# The characters that RFC 3986 allows in a path or a query; others must be percent-encoded.
_TARGET = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)
# Characters that look like a separator or a dot and that NFKC does not turn into one.
_LOOK_ALIKES = frozenset("\u2044\u2215\u29f8\u29f9\u2216\u2571\u2572\u00b7\u2219\u22c5")
_LINK = re.compile(r"[A-Za-z0-9._~:/?#@!$&()*+,;=%-]{1,2048}")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def url(base: str, *segments: str, query: Query | None = None, ending: str = "") -> str:
    """Return the URL below `base`; raises `Invalid` for a segment that no path can have.

    `ending` follows the last segment as it is: a slash, or a custom method such as `:cancel`.
    """
    path = "".join(f"/{_segment(segment)}" for segment in segments) + ending
    if not query:
        return f"{base}{path}"
    pairs = query.items() if isinstance(query, Mapping) else query
    return f"{base}{path}?" + "&".join(
        f"{quote(name, safe='')}={quote(_query_text(value), safe='')}" for name, value in pairs
    )


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """A URL below a platform's own base address, split for `url`."""

    segments: tuple[str, ...]
    query: Mapping[str, str]


def own_address(text: object, base: str) -> OwnAddress | None:
    """Return a link of a platform's response if it stays below `base`, else None.

    The link is never followed as it is. Its scheme, host and port must equal those of `base`;
    only the path and the query are used.
    """
    if not isinstance(text, str) or _LINK.fullmatch(text) is None:
        return None
    try:
        given, ours = urlsplit(text), urlsplit(base)
        query = dict(parse_qsl(given.query, keep_blank_values=True, errors="strict"))
        segments = [unquote(part, errors="strict") for part in given.path.split("/") if part]
    except ValueError:
        return None
    # Some services add the standard port to their links.
    host = given.netloc.lower().removesuffix(":443" if given.scheme == "https" else "")
    if (given.scheme, host) != (ours.scheme, ours.netloc):
        return None
    if any(part in {".", ".."} or url_character_problem(part) for part in segments):
        return None
    return OwnAddress(tuple(segments), query)


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A whole URL that may be called: its base address, and its path with the query."""

    base: BaseAddress
    target: str
    """Path and query, beginning with a slash."""

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.base.url + self.target


def read_url(text: str, *, path: str, allow_loopback: bool, allow_port: bool = False) -> CheckedUrl:
    """Return a checked URL on any public host; raises `Invalid` at `path` with the broken rule.

    The host's name is checked here. Its addresses are checked when a connection is opened.
    """
    found = _WHOLE_URL.fullmatch(text)
    if found is None:
        raise Invalid.at(path, f"only https addresses are allowed, such as {EXAMPLE}")
    if found["fragment"] is not None:
        raise Invalid.at(path, "a fragment (#…) is never sent: remove it")
    # The empty suffix allows every host name. `HostRule` itself refuses IP addresses.
    rule = HostRule(
        suffixes=("",), example=EXAMPLE, allow_loopback=allow_loopback, allow_port=allow_port
    )
    base = rule.read(found["origin"], path=path)
    target = found["target"]
    if _TARGET.fullmatch(target) is None or _DOT_SEGMENT.search(target.partition("?")[0]):
        raise Invalid.at(
            path, "the path or query holds dot segments or characters that must be percent-encoded"
        )
    return CheckedUrl(base, target if target.startswith("/") else f"/{target}")


def url_character_problem(text: str) -> str | None:
    """Describe the first control, invisible or look-alike character, or return None.

    A look-alike is outside ASCII and normalises (NFKC) to ASCII, such as a full-width letter.
    Readers and servers may take it for the ASCII character.
    """
    for character in text:
        if unicodedata.category(character) in _INVISIBLE_CATEGORIES:
            return f"the control or invisible character U+{ord(character):04X}"
        if not character.isascii() and _looks_ascii(character):
            return f"the look-alike character U+{ord(character):04X}"
    return None


def _looks_ascii(character: str) -> bool:
    normal = unicodedata.normalize("NFKC", character)
    # A precomposed letter such as U+00FC stays one letter; a compatibility form becomes ASCII.
    return character in _LOOK_ALIKES or any(part.isascii() for part in normal)


def _segment(segment: str) -> str:
    if segment in {"", ".", ".."}:
        raise Invalid.at("", "a part of an address is never empty, '.' or '..'")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in segment):
        raise Invalid.at("", "a part of an address holds no control characters")
    return quote(segment, safe="")


def _query_text(value: QueryValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
