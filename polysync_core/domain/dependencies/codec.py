"""Tokens and decisions of a gate as stored JSON.

What is stored outlives a deployment: fields may be added with a default, never renamed.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.dependencies.stored import Pending
from polysync_core.domain.dependencies.tokens import Token

_TOKEN = TypeAdapter(Token)
_PENDING = TypeAdapter(Pending)


def encode_token(token: Token) -> str:
    """Return a token as JSON text."""
    return _TOKEN.dump_json(token, exclude_defaults=True).decode()


def decode_token(text: str) -> Token:
    """Return the token that `encode_token` wrote."""
    return _TOKEN.validate_json(text)


def encode_pending(pending: Pending) -> str:
    """Return a decision as JSON text."""
    return _PENDING.dump_json(pending, exclude_defaults=True).decode()


def decode_pending(text: str) -> Pending:
    """Return the decision that `encode_pending` wrote."""
    return _PENDING.validate_json(text)
