"""Encodes values as JSON, and rejects values that JSON cannot express."""

from __future__ import annotations

import json
from typing import Any


def encoded(value: Any) -> str:
    """Return a value as JSON; raise `TypeError` or `ValueError` if JSON cannot express it."""
    return json.dumps(value, allow_nan=False)


def as_json(value: Any) -> Any:
    """Return the value that a receiver of its JSON gets."""
    return json.loads(encoded(value))
