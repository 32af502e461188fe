"""Resolves `$ref` references within a JSON Schema."""

from __future__ import annotations

from urllib.parse import unquote

from polysync_core.domain.json_types import JsonObject, JsonValue


class Unresolvable(Exception):
    """A reference names no part of its schema."""


def resolved(root: JsonObject, reference: str) -> JsonValue:
    """Return the part of a schema that a JSON Pointer names, or raise `Unresolvable`."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        raise Unresolvable
    part: JsonValue = root
    for encoded in unquote(reference).split("/")[1:]:
        name = encoded.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, list) and name.isdecimal() and int(name[:9]) < len(part):
            part = part[int(name[:9])]
        else:
            raise Unresolvable
    return part
