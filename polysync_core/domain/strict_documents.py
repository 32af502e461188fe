"""Text to plain JSON values: one strict reader for YAML and one for JSON.

YAML is read from its events, so that depth, size and every scalar are in our hands: dates stay
text, only `true` and `false` are booleans, `1:30` and `0777` are text, there are no tags, no merge
keys, and aliases count as often as they are used.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

import yaml

from polysync_core.domain.errors import Invalid, Malformed, Problem, TooLarge
from polysync_core.domain.json_types import JsonValue

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 200_000
FORBIDDEN_KEYS = frozenset({"__class__", "__module__", "__data__"})
"""Durable's codec rebuilds Python objects from what holds these keys."""

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DIGITS = 4000
"""Below Python's own limit for the conversion of text to a number."""
_FLOAT = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]{1,4})?")
"""Not more than YAML 1.1 takes for a number, so that what its writers leave unquoted stays text."""
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE)
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MERGE = "<<"
_STRING_TAG = "tag:yaml.org,2002:str"


def read_text(data: bytes) -> str:
    """Return UTF-8 text without a byte order mark; raises `TooLarge` or `Malformed`."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the document is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed.at("", f"the text is not UTF-8 (byte {error.start})") from error


def read_json(data: bytes) -> JsonValue:
    """Return what a JSON text holds; raises `TooLarge`, `Malformed` or `Invalid`."""
    text = read_text(data)
    try:
        value = cast(
            "JsonValue",
            json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant),
        )
    except json.JSONDecodeError as error:
        message = f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise Malformed.at("", message) from error
    except RecursionError as error:
        raise Malformed.at("", f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise Malformed.at("", "a number is too long") from error
    return checked(value)


def read_yaml(data: bytes) -> JsonValue:
    """Return what a YAML text (or a JSON one) holds; raises as `read_json` does."""
    text = read_text(data)
    if text.lstrip()[:1] in {"{", "["} and _is_json(text):
        return read_json(data)
    try:
        return checked(_Reader(text).read())
    except yaml.YAMLError as error:
        raise Malformed.at("", _complaint(error)) from error


def write_yaml(value: JsonValue) -> str:
    """Return YAML that `read_yaml`, and any other reader of YAML 1.1 or 1.2, reads back."""
    return yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100)


class _Writer(yaml.CSafeDumper):
    """Writes plain values without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(_writer: _Writer, text: str) -> yaml.ScalarNode:
    # PyYAML leaves these line ends of Unicode bare, where readers fold them into spaces, and the
    # key that others take for a merge of objects.
    is_bare = text == _MERGE or any(char in text for char in "\x85\u2028\u2029")
    style = '"' if is_bare else None
    return yaml.ScalarNode(_STRING_TAG, text, style=style)


_Writer.add_representer(str, _write_text)


def _is_json(text: str) -> bool:
    """Tell JSON from a YAML document that begins like it."""
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    except ValueError:
        # Python's limit on the digits of a number: it is JSON, and `read_json` says what is wrong.
        return True
    return True


def checked(value: JsonValue) -> JsonValue:
    """Return a value that can be stored, or raise `Invalid` with what is wrong in it."""
    problems = list(_problems(value, "", 0))
    if problems:
        raise Invalid(problems)
    return value


def _problems(value: JsonValue, path: str, depth: int) -> Iterator[Problem]:
    if depth > MAX_DEPTH:
        yield Problem(path, f"nested deeper than {MAX_DEPTH} levels")
    elif isinstance(value, dict):
        for key, each in value.items():
            inner = f"{path}.{key}" if path else key
            if key in FORBIDDEN_KEYS:
                yield Problem(inner, "this key is not allowed anywhere: rename it")
            elif not _storable(key):
                yield Problem(path, "a key holds half of a surrogate pair")
            yield from _problems(each, inner, depth + 1)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _problems(each, f"{path}[{place}]", depth + 1)
    elif isinstance(value, str) and not _storable(value):
        yield Problem(path, "the text holds half of a surrogate pair")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, "must be a finite number")


def _storable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Malformed.at("", f"the key '{key}' is there twice in one object")
            seen.add(key)
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise Malformed.at("", f"{word} is not a number that JSON knows")


@dataclass(slots=True)
class _Open:
    """A list or object whose end has not come yet."""

    value: list[JsonValue] | dict[str, JsonValue]
    anchor: str | None
    size_before: int
    key: str | None = None
    keys: set[str] = field(default_factory=set[str])


class _Reader:
    """Builds plain values from YAML's events."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[JsonValue, int]] = {}
        self._size = 0
        self._result: JsonValue = None
        self._documents = 0

    def read(self) -> JsonValue:
        for event in self._events:
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        self._fail(event, "one document is enough: join them or send them apart")
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._begin(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._end(event)
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case _:
                    pass
        return self._result

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag is not None:
            self._fail(event, f"tags such as '{event.tag}' are not supported: remove it")
        if len(self._open) >= MAX_DEPTH:
            self._fail(event, f"nested deeper than {MAX_DEPTH} levels")
        self._refuse_as_key(event)
        value: list[JsonValue] | dict[str, JsonValue]
        value = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(value, event.anchor, self._size))

    def _end(self, event: yaml.Event) -> None:
        done = self._open.pop()
        self._put(event, done.value, done.anchor, self._size - done.size_before)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag not in {None, "!", _STRING_TAG}:
            self._fail(event, f"tags such as '{event.tag}' are not supported: use quotes or none")
        quoted = event.style is not None and event.style != ""
        text: str = event.value
        if self._awaits_key():
            self._key(event, text, quoted=quoted)
            return
        is_text = quoted or event.tag is not None
        self._put(event, text if is_text else self._resolve(event, text), event.anchor, 0)

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._refuse_as_key(event)
        known = self._anchors.get(event.anchor or "")
        if known is None:
            self._fail(event, f"there is no complete '&{event.anchor}' before '*{event.anchor}'")
        value, size = known
        self._size += size
        self._put(event, value, None, 0)

    def _resolve(self, event: yaml.Event, text: str) -> JsonValue:
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return self._int(event, text)
        if _NOT_FINITE.fullmatch(text):
            self._fail(event, f"{text} is not a number that can be used")
        if _FLOAT.fullmatch(text):
            return float(text)
        return text

    def _int(self, event: yaml.Event, text: str) -> int:
        if len(text) > _DIGITS:
            self._fail(event, "the number is too long")
        return int(text)

    def _put(self, event: yaml.Event, value: JsonValue, anchor: str | None, size: int) -> None:
        self._size += 1
        if self._size > MAX_VALUES:
            self._fail(event, f"more than {MAX_VALUES} values, aliases counted as often as used")
        if anchor is not None:
            self._anchors[anchor] = (value, size + 1)
        if not self._open:
            self._result = value
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None

    def _key(self, event: yaml.ScalarEvent, text: str, *, quoted: bool) -> None:
        parent = self._open[-1]
        if event.anchor is not None:
            self._fail(event, "an anchor on a key is not supported: put it on the value")
        if text == _MERGE and not quoted:
            self._fail(event, "merge keys are not supported: write the fields out")
        if text in parent.keys:
            self._fail(event, f"the key '{text}' is there twice in one object")
        parent.keys.add(text)
        parent.key = text

    def _awaits_key(self) -> bool:
        return (
            bool(self._open)
            and isinstance(self._open[-1].value, dict)
            and self._open[-1].key is None
        )

    def _refuse_as_key(self, event: yaml.Event) -> None:
        if self._awaits_key():
            self._fail(event, "a key must be text")

    def _fail(self, event: yaml.Event, message: str) -> NoReturn:
        mark: Any = event.start_mark
        raise Malformed.at("", f"line {mark.line + 1}, column {mark.column + 1}: {message}")


def _complaint(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"not YAML: line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return "not YAML: it holds characters that YAML does not allow"
