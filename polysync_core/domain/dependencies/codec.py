"""Encodes and decodes the tokens and decisions of a dependency gate as stored JSON.

Every field is stored, also one with its default value: a changed default must not change stored
rows. A new field needs a default; a stored field is never renamed.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.dependencies.stored_gate import PendingDecision
from polysync_core.domain.dependencies.tokens import Token

_TOKEN = TypeAdapter(Token)
_PENDING = TypeAdapter(PendingDecision)


def encode_token(token: Token) -> str:
    """Return a token as JSON text."""
    return _TOKEN.dump_json(token).decode()


def decode_token(text: str) -> Token:
    """Return the token that `encode_token` wrote."""
    return _TOKEN.validate_json(text)


def encode_pending(pending: PendingDecision) -> str:
    """Return a pending decision as JSON text."""
    return _PENDING.dump_json(pending).decode()


def decode_pending(text: str) -> PendingDecision:
    """Return the pending decision that `encode_pending` wrote."""
    return _PENDING.validate_json(text)
