"""Defines a form hint that shows a field only with certain values of another field."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownWhen:
    """Shows a field only with certain values of another field of the same object."""

    field: str
    """The other field by its name in a definition, in camelCase."""
    values: tuple[str, ...]
    """The values with which this field has an effect."""
