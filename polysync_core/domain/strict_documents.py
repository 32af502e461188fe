"""Parses YAML and JSON strictly into plain values, and writes YAML.

The YAML reader knows only the scalars of JSON. A date, `no`, `1:30` and `0777` stay text. Tags and
merge keys are refused. Depth and size are limited, and every use of an alias counts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn, cast

import yaml
from yaml.composer import Composer

from polysync_core.domain.errors import Invalid, Malformed, Problem, TooLarge
from polysync_core.domain.json_types import JsonValue

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 100_000
FORBIDDEN_KEYS = frozenset({"__class__", "__module__", "__data__"})
"""Durable's codec builds Python objects from a JSON object with one of these keys."""

_MAX_DIGITS = 4000
"""Less than Python's own limit for the conversion of text to a number."""
_MERGE = "<<"
_TAG = "tag:yaml.org,2002:"
_STRING_TAG = f"{_TAG}str"


def read_text(data: bytes) -> str:
    """Return UTF-8 text without a byte order mark; raises `TooLarge` or `Malformed`."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the document is larger than {MAX_BYTES} bytes: split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed.at("", f"the text is not UTF-8 (byte {error.start})") from error


def read_json(data: bytes) -> JsonValue:
    """Return the value of a JSON text; raises `TooLarge`, `Malformed` or `Invalid`."""
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
    """Return the value of a YAML or JSON text; raises as `read_json` does."""
    text = read_text(data)
    if text.lstrip()[:1] in {"{", "["} and _is_json(text):
        return read_json(data)
    try:
        return checked(_Loader(text).read())
    except yaml.YAMLError as error:
        raise Malformed.at("", _syntax_problem(error)) from error


def write_yaml(value: JsonValue) -> str:
    """Return YAML that readers of YAML 1.1 and 1.2 read as this value."""
    return yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=100)


class _Writer(yaml.CSafeDumper):
    """Writes plain values without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(_writer: _Writer, text: str) -> yaml.ScalarNode:
    # PyYAML does not quote Unicode line ends, which readers fold into spaces. It does not quote
    # `<<` either, which readers take for a merge key.
    needs_quotes = text == _MERGE or any(char in text for char in "\x85\u2028\u2029")
    style = '"' if needs_quotes else None
    return yaml.ScalarNode(_STRING_TAG, text, style=style)


_Writer.add_representer(str, _write_text)


def _is_json(text: str) -> bool:
    """Return whether the text is JSON, not YAML in flow style."""
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    except ValueError:
        # The text is JSON, but a number is too long. `read_json` reports it.
        return True
    return True


def checked(value: JsonValue) -> JsonValue:
    """Return a value that can be stored, or raise `Invalid` with every problem."""
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
            elif not _is_storable(key):
                yield Problem(
                    path, "a key holds half of a surrogate pair: write the whole character"
                )
            yield from _problems(each, inner, depth + 1)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _problems(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str) and not _is_storable(value):
        yield Problem(path, "the text holds half of a surrogate pair: write the whole character")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, "must be a finite number")


def _is_storable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Malformed.at("", f"the key '{key}' occurs twice in one object: remove one")
            seen.add(key)
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise Malformed.at("", f"{word} is not a JSON number")


class _Loader(Composer, yaml.CSafeLoader):
    """PyYAML's safe loader with the scalars of JSON, and with limits.

    `Composer` stands first, because the loader's own composer recurses without a limit.
    """

    yaml_implicit_resolvers: dict[Any, Any] = {}

    def __init__(self, text: str) -> None:
        Composer.__init__(self)
        yaml.CSafeLoader.__init__(self, text)
        self._depth = 0
        self._size = 0
        self._anchored_sizes: dict[str, int] = {}

    def read(self) -> JsonValue:
        """Return the value of the only document."""
        self.get_event()
        node = (
            None if isinstance(self.peek_event(), yaml.StreamEndEvent) else self.compose_document()
        )
        if not isinstance(self.peek_event(), yaml.StreamEndEvent):
            _fail(
                self.peek_event(), "the text has several documents: join them, or send each alone"
            )
        return None if node is None else cast("Any", self).construct_document(node)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()
        if isinstance(parent, yaml.MappingNode) and index is None:
            _check_key(event)
            self.get_event()
            return yaml.ScalarNode(_STRING_TAG, event.value, event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            self._count(event, self._anchored_sizes.get(str(event.anchor)))
            return super().compose_node(parent, index)
        _check_tag(event)
        if event.tag == "!":
            event.tag = _STRING_TAG
        # An anchor may be defined again, and an alias must not refer to a value around it.
        self.anchors.pop(event.anchor, None)
        self._anchored_sizes.pop(event.anchor, None)
        size_before = self._size
        self._count(event, 1)
        self._depth += 1
        # A scalar adds no level.
        if self._depth > MAX_DEPTH + isinstance(event, yaml.ScalarEvent):
            _fail(event, f"nested deeper than {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._anchored_sizes[event.anchor] = self._size - size_before
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        value: dict[str, Any] = {}
        for key, each in node.value:
            if key.value in value:
                _fail(key, f"the key '{key.value}' occurs twice in one object: remove one")
            value[key.value] = cast("Any", self).construct_object(each, deep)
        return value

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > _MAX_DIGITS:
            _fail(node, "the number is too long")
        return int(node.value)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        if node.value[-1].isalpha():
            _fail(node, f"{node.value} is not a number that can be used")
        return float(node.value)

    def _count(self, event: Any, size: int | None) -> None:
        if size is None:
            _fail(event, f"the alias '*{event.anchor}' has no complete anchor before it")
        self._size += size
        if self._size > MAX_VALUES:
            _fail(event, f"more than {MAX_VALUES} values, aliases counted as often as used")


# YAML 1.1 also resolves dates, `no`, `1:30` and `0777`; here they are text. `1e3` is text too,
# because a writer of YAML 1.1 does not quote such a text.
_SCALARS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(?:0|[1-9][0-9]*)",
    "float": r"(?:[-+]?(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]{1,4})?"
    r"|[-+]?\.(?i:inf|nan)",
}
for _name, _pattern in _SCALARS.items():
    cast("Any", _Loader).add_implicit_resolver(
        f"{_TAG}{_name}", re.compile(rf"\A(?:{_pattern})\Z"), None
    )
_Loader.add_constructor(f"{_TAG}int", _Loader.construct_yaml_int)
_Loader.add_constructor(f"{_TAG}float", _Loader.construct_yaml_float)


def _check_key(event: Any) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        _fail(event, "a key must be text")
    _check_tag(event)
    if event.anchor is not None:
        _fail(event, "an anchor on a key is not supported: put it on the value")
    if event.value == _MERGE and not event.style:
        _fail(event, "merge keys are not supported: write the fields out")


def _check_tag(event: Any) -> None:
    if event.tag is None or (
        isinstance(event, yaml.ScalarEvent) and event.tag in {"!", _STRING_TAG}
    ):
        return
    _fail(event, f"tags such as '{event.tag}' are not supported: use quotes or no tag")


def _fail(found: Any, message: str) -> NoReturn:
    mark = found.start_mark
    raise Malformed.at("", f"line {mark.line + 1}, column {mark.column + 1}: {message}")


def _syntax_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}"
        return f"not YAML: {where}: {_syntax_hint(str(error.problem))}"
    return "not YAML: it holds characters that YAML does not allow"


def _syntax_hint(problem: str) -> str:
    if problem.startswith("found character that cannot start any token"):
        return f"{problem}; a tab is not allowed as indentation: use blanks"
    if problem.startswith("mapping values are not allowed"):
        return f"{problem}; the indentation is wrong, or a text with ':' needs quotes"
    return problem
