"""Detects whether pydantic validates a stored value or new input."""

from __future__ import annotations

from pydantic import ValidationInfo

STORED = {"stored": True}
"""The validation context of stored values. An earlier release may have accepted them."""


def is_stored(info: ValidationInfo) -> bool:
    """Return whether the validated value comes from the store."""
    return info.context is STORED
