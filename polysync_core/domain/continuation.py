"""Builds and checks the continuation tokens of paged lists.

A token holds a position and a digest of the list and the position. The digest refuses a changed
token and the token of another list, so a mistake of a client never skips entries silently.

The digest has no key, so a caller can compute the token of any position. This does no harm: the
list reads only inside its own filter and after the position, and the caller may read all of that.
The parts of a position are checked, so a forged position causes neither an error nor a longer
search. A key would have to be shared by all instances of the app.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from typing import cast

from polysync_core.domain.errors import Malformed

type Position = Sequence[str | None]

_DIGEST_BYTES = 12
_MAX_LENGTH = 8_192
_ANY = re.compile(r"[\s\S]*")


def encode_position(listing: Sequence[str | None], position: Position) -> str:
    """Return the token for a position; `listing` identifies the list with its filters."""
    content = json.dumps(list(position)).encode()
    token = _digest(listing, content) + content
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def decode_position(
    listing: Sequence[str | None], token: str, *, part: re.Pattern[str] = _ANY
) -> tuple[str | None, ...]:
    """Return the position of a token of this list, or raise `Malformed`.

    `part` is the form of each part of a position.
    """
    content = _content(token)
    digest, text = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    position = _parts(text, part) if digest == _digest(listing, text) else None
    if position is None:
        raise Malformed.at(
            "continuationToken", "use the token of an earlier answer of the same list unchanged"
        )
    return position


def _parts(text: bytes, part: re.Pattern[str]) -> tuple[str | None, ...] | None:
    """Return the parts of a position, or None if they have another form."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or not parts:
        return None
    found = tuple(cast("list[object]", parts))
    valid = all(each is None or (isinstance(each, str) and part.fullmatch(each)) for each in found)
    return cast("tuple[str | None, ...]", found) if valid else None


def _content(token: str) -> bytes:
    if len(token) > _MAX_LENGTH:
        return b""
    try:
        return base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except (ValueError, binascii.Error):
        return b""


def _digest(listing: Sequence[str | None], content: bytes) -> bytes:
    named = json.dumps(list(listing)).encode()
    return hashlib.sha256(named + b"\n" + content).digest()[:_DIGEST_BYTES]
