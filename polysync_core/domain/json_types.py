"""Defines the types of JSON values, reads members of objects, and applies merge patches."""

from collections.abc import Mapping

type JsonValue = bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None
type JsonObject = dict[str, JsonValue]


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def object_in(source: Mapping[str, JsonValue], name: str) -> JsonObject:
    """Return an object that is a member of another one; an absent object is empty."""
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def text_in(source: Mapping[str, JsonValue], name: str) -> str:
    """Return a text that is a member of an object; an absent text is empty."""
    found = source.get(name)
    return found if isinstance(found, str) else ""


def dicts_in(source: Mapping[str, JsonValue], name: str) -> list[JsonObject]:
    """Return the objects of a list that is a member of an object; an absent list is empty."""
    found = source.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
