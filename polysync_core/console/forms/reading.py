"""Converts the raw text values of a form to a definition document, and collects errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from polysync_core.console.forms.fields import (
    EMPTY,
    OTHER,
    Choice,
    Control,
    Field,
    Flag,
    Group,
    Json,
    Number,
    Pairs,
    Rows,
    Secret,
    Several,
    Text,
    ThreeState,
    Value,
    joined,
)
from polysync_core.console.forms.fields import Reference as ReferenceControl
from polysync_core.console.forms.raw import Raw, RawObject
from polysync_core.console.forms.values import (
    Unreadable,
    read_json_text,
    read_number,
    read_value,
    typed,
)
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The document of a submitted form."""

    document: JsonObject
    problems: Sequence[Problem]
    """The texts that cannot be read; their fields are left out of the document."""


def read(group: Group, raw: RawObject) -> Reading:
    """Return the document of raw values; an empty control leaves its field out."""
    reader = _Reader()
    document = reader.group(group, raw, "")
    return Reading(document=document, problems=tuple(reader.problems))


def without_blank_rows(group: Group, raw: RawObject) -> RawObject:
    """Return raw values without the rows that are blank, which the document leaves out."""
    return {name: _tidy(_control(group, name), value) for name, value in raw.items()}


@dataclass(slots=True)
class _Reader:
    problems: list[Problem] = field(default_factory=list[Problem])

    def group(self, group: Group, raw: Raw | None, path: str) -> JsonObject:
        given = raw if isinstance(raw, dict) else {}
        document: JsonObject = {}
        for each in group.fields:
            value = self._field(each, given, joined(path, each.name))
            if value is not None:
                document[each.name] = value
        document |= self._pairs(Pairs(value=Value()), given.get(OTHER), joined(path, OTHER))
        return document

    def _field(self, each: Field, given: RawObject, path: str) -> JsonValue:
        control = typed(each.control, given)
        value = self._value(control, given.get(each.name), path)
        if value is None and given.get(each.name + EMPTY) == "true":
            return ""
        return value

    def _value(self, control: Control, raw: Raw | None, path: str) -> JsonValue:
        match control:
            case Several():
                entries = raw if isinstance(raw, list) else []
                return [each for each in entries if isinstance(each, str) and each]
            case Group():
                document = self.group(control, raw, path)
                return None if control.is_optional and not document else document
            case Rows():
                entries = raw if isinstance(raw, list) else []
                kept = [each for each in entries if not _is_blank(control.item.control, each)]
                return [
                    self._value(control.item.control, each, f"{path}[{index}]")
                    for index, each in enumerate(kept)
                ]
            case Pairs():
                return self._pairs(control, raw, path)
            case _:
                text = raw if isinstance(raw, str) else ""
                return self._single(control, text, path)

    def _pairs(self, control: Pairs, raw: Raw | None, path: str) -> JsonObject:
        document: JsonObject = {}
        rows = raw if isinstance(raw, list) else []
        for index, row in enumerate(each for each in rows if not _is_blank_pair(each)):
            name, text = _pair(row)
            if name in document:
                self.problems.append(Problem(f"{path}[{index}].name", f"'{name}' is duplicated"))
            elif not name:
                self.problems.append(Problem(f"{path}[{index}].name", "is missing: give a name"))
            elif text.strip() or name not in control.known or _is_empty_text(row):
                own = control.control_of(name)
                value = self._single(own, text, f"{path}[{index}].value")
                document[name] = "" if value is None else value
                if isinstance(own, Value) and text.strip() == "null":
                    document[name] = None
        return document

    def _single(self, control: Control, text: str, path: str) -> JsonValue:
        if isinstance(control, Text):
            return (text.strip() if control.is_stripped else text) or None
        if not text.strip():
            return None
        match control:
            case Number():
                return read_number(text, is_whole=control.is_whole)
            case Flag() | ThreeState():
                return {"true": True, "false": False}.get(text, text)
            case Choice() | Secret() | ReferenceControl():
                return text.strip()
            case _:
                return self._json(control, text, path)

    def _json(self, control: Control, text: str, path: str) -> JsonValue:
        try:
            if isinstance(control, Value):
                return read_value(text, control.data_type)
            value = read_json_text(text)
        except Unreadable as error:
            self.problems.append(Problem(path, str(error)))
            return None
        shape = control.shape if isinstance(control, Json) else None
        if shape is not None and not isinstance(value, shape.type):
            self.problems.append(Problem(path, shape.value))
            return None
        return value


def _is_blank(control: Control, raw: Raw) -> bool:
    """Return whether a row is without any text; the state of a box is not text."""
    if isinstance(control, Group) and isinstance(raw, dict):
        return all(
            _is_blank(each.control, raw.get(each.name, ""))
            for each in control.fields
            if not isinstance(each.control, Flag | Choice)
        )
    if isinstance(raw, str):
        return not raw.strip()
    return not raw


def _is_blank_pair(raw: Raw) -> bool:
    return not any(_pair(raw))


def _is_empty_text(raw: Raw) -> bool:
    """Return whether the box of a row sets the value to the empty text."""
    return isinstance(raw, dict) and raw.get("value" + EMPTY) == "true"


def _pair(raw: Raw) -> tuple[str, str]:
    given = raw if isinstance(raw, dict) else {}
    name, value = given.get("name", ""), given.get("value", "")
    return (name if isinstance(name, str) else ""), (value if isinstance(value, str) else "")


def _control(group: Group, name: str) -> Control | None:
    if name == OTHER:
        return Pairs(value=Value())
    return next((each.control for each in group.fields if each.name == name), None)


def _tidy(control: Control | None, raw: Raw) -> Raw:
    match control, raw:
        case Group(), dict():
            return without_blank_rows(control, raw)
        case Rows(item=item), list():
            kept = [each for each in raw if not _is_blank(item.control, each)]
            return [_tidy(item.control, each) for each in kept]
        case Pairs(), list():
            return [each for each in raw if not _is_blank_pair(each)]
        case _:
            return raw
