"""Merges the changes that two writers made to the same version of a definition.

The merge is three-way: `base` is the version from which both started. A field that only one writer
changed takes that writer's value. List entries are matched by their keys, not by their positions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import cast

from polysync_core.domain.definitions.changes.differences import (
    FieldDifference,
    document_differences,
    entry_keys,
    inner_path,
)
from polysync_core.domain.json_types import JsonObject, JsonValue


class Side(StrEnum):
    """The writer whose value a conflicting field takes."""

    MINE = "Mine"
    THEIRS = "Theirs"


class _Absent(Enum):
    """Marks a field or an entry that a version does not have."""

    ABSENT = "absent"


ABSENT = _Absent.ABSENT

type _Field = JsonValue | _Absent


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldConflict:
    """A field that both writers changed to different values; None means an absent value."""

    path: str
    base: JsonValue
    theirs: JsonValue
    mine: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The result of a three-way merge."""

    document: JsonObject
    """The merged document; a conflicting field has the value of the chosen side."""
    theirs: tuple[FieldDifference, ...]
    """The changes of the other writer."""
    mine: tuple[FieldDifference, ...]
    """The changes of the own writer."""
    conflicts: tuple[FieldConflict, ...]
    """The fields that both changed differently."""


def merge(
    base: JsonObject,
    theirs: JsonObject,
    mine: JsonObject,
    choices: Mapping[str, Side] | None = None,
) -> Merge:
    """Merge two versions of a document.

    `choices` names the side of each conflicting path. A path without a choice takes `mine`.
    """
    merging = _Merging(choices or {})
    merged = merging.objects(base, theirs, mine, "")
    return Merge(
        document=merged,
        theirs=document_differences(base, theirs),
        mine=document_differences(base, mine),
        conflicts=tuple(merging.conflicts),
    )


class _Merging:
    """Merges values, and collects the conflicts."""

    def __init__(self, choices: Mapping[str, Side]) -> None:
        self._choices = choices
        self.conflicts: list[FieldConflict] = []

    def objects(
        self, base: JsonObject, theirs: JsonObject, mine: JsonObject, path: str
    ) -> JsonObject:
        merged: JsonObject = {}
        for key in dict.fromkeys([*theirs, *mine, *base]):
            value = self._value(
                base.get(key, ABSENT),
                theirs.get(key, ABSENT),
                mine.get(key, ABSENT),
                inner_path(path, key) if path else key,
            )
            if not isinstance(value, _Absent):
                merged[key] = value
        return merged

    def _value(self, base: _Field, theirs: _Field, mine: _Field, path: str) -> _Field:
        if _same(theirs, mine) or _same(base, theirs):
            return mine
        if _same(base, mine):
            return theirs
        if isinstance(theirs, dict) and isinstance(mine, dict):
            return self.objects(base if isinstance(base, dict) else {}, theirs, mine, path)
        if isinstance(theirs, list) and isinstance(mine, list):
            return self._lists(base if isinstance(base, list) else [], theirs, mine, path)
        return self._conflict(base, theirs, mine, path)

    def _lists(
        self, base: list[JsonValue], theirs: list[JsonValue], mine: list[JsonValue], path: str
    ) -> _Field:
        keys = entry_keys([base, theirs, mine])
        if keys is None:
            return self._conflict(base, theirs, mine, path)
        by_key = [
            cast("dict[str, _Field]", dict(zip(names, entries, strict=True)))
            for names, entries in zip(keys, (base, theirs, mine), strict=True)
        ]
        merged: list[JsonValue] = []
        for key in _order(*keys):
            before, other, own = (entries.get(key, ABSENT) for entries in by_key)
            value = self._value(before, other, own, inner_path(path, key))
            if not isinstance(value, _Absent):
                merged.append(value)
        return merged

    def _conflict(self, base: _Field, theirs: _Field, mine: _Field, path: str) -> _Field:
        self.conflicts.append(
            FieldConflict(path=path, base=_shown(base), theirs=_shown(theirs), mine=_shown(mine))
        )
        return theirs if self._choices.get(path) is Side.THEIRS else mine


def _order(base: Sequence[str], theirs: Sequence[str], mine: Sequence[str]) -> list[str]:
    """Return all keys in the order of `theirs`, or `mine` if that writer moved entries.

    A new key of the other order comes last; a base key follows its predecessor there.
    """
    kept = [key for key in base if key in mine]
    is_moved = kept != [key for key in mine if key in base]
    first, second = (mine, theirs) if is_moved else (theirs, mine)
    ordered, position = list(first), 0
    for key in second:
        if key not in ordered:
            ordered.insert(position if key in base else len(ordered), key)
        position = ordered.index(key) + 1
    return ordered


def _same(one: _Field, other: _Field) -> bool:
    """Return whether two values are equal; unlike `==`, 1 differs from true."""
    if isinstance(one, _Absent) or isinstance(other, _Absent):
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _shown(value: _Field) -> JsonValue:
    return None if isinstance(value, _Absent) else value
