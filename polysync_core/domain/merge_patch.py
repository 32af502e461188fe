"""Applies JSON merge patches (RFC 7396)."""

from __future__ import annotations

from polysync_core.domain.json_types import JsonValue


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Return the target with the patch applied; null removes a field."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result
