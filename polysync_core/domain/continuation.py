"""Builds and checks the continuation tokens of lists.

A token holds a position and a digest of the list and the position. A changed token and the token
of another list are refused, so a position is always one that its own list has given out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import cast

from polysync_core.domain.errors import Malformed

type Position = Sequence[str | None]

_DIGEST_BYTES = 12
_MAX_LENGTH = 8_192


def encode_position(listing: Sequence[str | None], position: Position) -> str:
    """Return the token for a position; `listing` identifies the list with its filters."""
    content = json.dumps(list(position)).encode()
    token = _digest(listing, content) + content
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def decode_position(listing: Sequence[str | None], token: str) -> tuple[str | None, ...]:
    """Return the position of a token of this list, or raise `Malformed`."""
    content = _content(token)
    digest, text = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest(listing, text):
        raise Malformed.at(
            "continuationToken", "use the token of an earlier answer of the same list unchanged"
        )
    return tuple(cast("list[str | None]", json.loads(text)))


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
