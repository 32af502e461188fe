"""Evaluates the literal parts of a notebook's Python expressions without executing code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

MAX_ITEMS = 1_000
"""The most items of a collection."""
_MAX_TEXT = 10_000


class _Marker:
    """A value with an identity only."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN: Final = _Marker("unknown")
"""The value of an expression that only a run can compute."""
ABSENT: Final = _Marker("absent")
"""The value of an argument that a call does not have."""
WIDGETS: Final = _Marker("widgets")
"""The object with the methods that create and read widgets."""
DBUTILS: Final = _Marker("dbutils")
"""The object that has the widgets."""


@dataclass(frozen=True, slots=True)
class WidgetMethod:
    """A method of the widgets; the name is empty if it is computed."""

    name: str


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a tuple, list or set."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of a dictionary."""

    values: Mapping[object, object]


type Names = Mapping[str, object]
"""The known values of variables."""


def value_of(node: ast.expr | None, names: Names) -> object:
    """Return the value of an expression, or `UNKNOWN`."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _named(name, names)
        case ast.Attribute(value=owner, attr=attribute):
            found = _attribute(value_of(owner, names), attribute)
            return names.get(f".{attribute}", UNKNOWN) if found is UNKNOWN else found
        case ast.Subscript(value=owner, slice=index):
            return _item(value_of(owner, names), value_of(index, names))
        case ast.Call():
            return _called(node, names)
        case ast.BinOp(left=left, op=operator, right=right):
            return _operated(operator, value_of(left, names), value_of(right, names))
        case _:
            return _literal(node, names)


def _literal(node: ast.expr | None, names: Names) -> object:
    match node:
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return _whole(tuple(_items(items, names)))
        case ast.Dict():
            return _dictionary(node, names)
        case ast.JoinedStr(values=parts):
            return _joined(parts, names)
        case ast.NamedExpr(value=value):
            return value_of(value, names)
        case _:
            return UNKNOWN


def text_of(value: object) -> str | None:
    """Return a value as the text of a widget; None if it is no text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def holds_widgets(value: object) -> bool:
    """Return whether a value is, or directly holds, the widgets or one of their methods."""
    values = value.values if isinstance(value, Items) else (value,)
    return any(
        each is WIDGETS or each is DBUTILS or isinstance(each, WidgetMethod) for each in values
    )


def items_of(value: object) -> list[object] | None:
    """Return the items of a known collection, or None."""
    if not isinstance(value, Items | Entries):
        return None
    items = [*value.values]
    return items if len(items) <= MAX_ITEMS else None


def bindings_of(target: ast.expr, value: object) -> dict[str, object]:
    """Return the variables that an assignment of a value to a target binds."""
    match target:
        case ast.Name(id=name):
            return {name: value}
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            items = items_of(value)
            known = items is not None and len(items) == len(targets)
            parts = items if known and items is not None else [UNKNOWN] * len(targets)
            bound: dict[str, object] = {}
            for each, part in zip(targets, parts, strict=True):
                bound |= bindings_of(each, part)
            return bound
        case ast.Starred(value=inner):
            return bindings_of(inner, UNKNOWN)
        case _:
            return {}


def _named(name: str, names: Names) -> object:
    if name in names:
        return names[name]
    if name == "dbutils":
        return DBUTILS
    return WIDGETS if name == "widgets" else UNKNOWN


def _attribute(owner: object, attribute: str) -> object:
    if attribute == "widgets":
        return WIDGETS
    if attribute == "dbutils":
        return DBUTILS
    return WidgetMethod(attribute) if owner is WIDGETS else UNKNOWN


def _items(nodes: Iterable[ast.expr], names: Names) -> Iterator[object]:
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = items_of(value_of(node.value, names))
            yield from inner if inner is not None else [UNKNOWN]
        else:
            yield value_of(node, names)


def _whole(items: tuple[object, ...]) -> object:
    return Items(items) if len(items) <= MAX_ITEMS else UNKNOWN


def _dictionary(node: ast.Dict, names: Names) -> object:
    found: dict[object, object] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        value = value_of(item, names)
        if key is None:
            if not isinstance(value, Entries):
                return UNKNOWN
            found.update(value.values)
            continue
        known = value_of(key, names)
        if not isinstance(known, str | int | float):
            return UNKNOWN
        found[known] = value
    return Entries(found)


def _joined(parts: Iterable[ast.expr], names: Names) -> object:
    texts: list[str] = []
    for part in parts:
        match part:
            case ast.Constant(value=str(text)):
                texts.append(text)
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                text = text_of(value_of(inner, names))
                if text is None:
                    return UNKNOWN
                texts.append(text)
            case _:
                return UNKNOWN
    return _short("".join(texts))


def _short(text: str) -> object:
    return text if len(text) <= _MAX_TEXT else UNKNOWN


def _operated(operator: ast.operator, left: object, right: object) -> object:
    match operator, left, right:
        case ast.Add(), str(), str():
            return _short(left + right)
        case ast.Add(), Items(values=first), Items(values=second):
            return _whole((*first, *second))
        case ast.Mod(), str(), _:
            return _formatted(left, right)
        case _:
            return UNKNOWN


def _formatted(template: str, value: object) -> object:
    values = value.values if isinstance(value, Items) else (value,)
    texts = [text for each in values if (text := text_of(each)) is not None]
    if len(texts) != len(values):
        return UNKNOWN
    return _filled(template, "%s", texts, others="%")


def _item(owner: object, index: object) -> object:
    match owner, index:
        case Entries(values=entries), str() | int():
            return entries.get(index, UNKNOWN)
        case Items(values=items), int() if -len(items) <= index < len(items):
            return items[index]
        case _:
            return UNKNOWN


def _called(node: ast.Call, names: Names) -> object:
    arguments = [value_of(each, names) for each in node.args]
    match node.func:
        case ast.Name(id="getattr") if arguments[:1] == [WIDGETS]:
            name = arguments[1] if len(arguments) > 1 else UNKNOWN
            return WidgetMethod(name if isinstance(name, str) else "")
        case ast.Name(id=name):
            return _function(name, arguments, node, names)
        case ast.Attribute(value=owner, attr=method):
            return _method(value_of(owner, names), method, arguments)
        case _:
            return UNKNOWN


def _function(name: str, arguments: list[object], node: ast.Call, names: Names) -> object:
    if name == "dict" and not arguments:
        keywords = {each.arg: value_of(each.value, names) for each in node.keywords}
        return UNKNOWN if None in keywords else Entries({**keywords})
    if node.keywords or len(arguments) == 0:
        return UNKNOWN
    items = items_of(arguments[0])
    match name:
        case "str":
            return _or_unknown(text_of(arguments[0]))
        case "list" | "tuple" | "set" | "iter" if items is not None:
            return Items(tuple(items))
        case "sorted" if items is not None and all(isinstance(each, str) for each in items):
            return Items(tuple(sorted(str(each) for each in items)))
        case "enumerate" if items is not None:
            return _pairs(enumerate(items))
        case "dict" if items is not None:
            return _of_pairs(items)
        case "range" if all(isinstance(each, int) for each in arguments):
            return _range([each for each in arguments if isinstance(each, int)])
        case "zip":
            several = [items_of(each) for each in arguments]
            known = [each for each in several if each is not None]
            whole = len(known) == len(several)
            return _pairs(zip(*known, strict=False)) if whole else UNKNOWN
        case _:
            return UNKNOWN


def _or_unknown(text: str | None) -> object:
    return UNKNOWN if text is None else text


def _pairs(several: Iterable[tuple[object, ...]]) -> Items:
    return Items(tuple(map(Items, several)))


def _of_pairs(items: list[object]) -> object:
    pairs = [items_of(each) for each in items]
    known = [each for each in pairs if each is not None and len(each) == 2]
    if len(known) != len(pairs) or not all(isinstance(each[0], str | int) for each in known):
        return UNKNOWN
    return Entries({each[0]: each[1] for each in known})


def _range(arguments: list[int]) -> object:
    if len(arguments) > 3 or (len(arguments) == 3 and arguments[2] == 0):
        return UNKNOWN
    found = range(*arguments)
    return Items(tuple(found)) if len(found) <= MAX_ITEMS else UNKNOWN


def _method(owner: object, method: str, arguments: list[object]) -> object:
    match owner, method:
        case Entries(values=entries), "items":
            return _pairs(entries.items())
        case Entries(values=entries), "keys":
            return Items(tuple(entries))
        case Entries(values=entries), "values":
            return Items(tuple(entries.values()))
        case Entries(values=entries), "get" if arguments:
            key, default = arguments[0], arguments[1] if len(arguments) > 1 else UNKNOWN
            return entries.get(key, default) if isinstance(key, str | int) else UNKNOWN
        case str(), "join" if len(arguments) == 1 and len(owner) <= _MAX_TEXT:
            items = items_of(arguments[0]) or [UNKNOWN]
            known = [each for each in items if isinstance(each, str)]
            return _short(owner.join(known)) if len(known) == len(items) else UNKNOWN
        case str(), _:
            texts = [text for each in arguments if (text := text_of(each)) is not None]
            known = len(texts) == len(arguments)
            return _text_method(owner, method, texts) if known else UNKNOWN
        case _:
            return UNKNOWN


def _text_method(owner: str, method: str, arguments: list[str]) -> object:
    if len(owner) > _MAX_TEXT:
        return UNKNOWN
    match method, arguments:
        case "split", []:
            return _whole(tuple(owner.split()))
        case "split", [separator] if separator:
            return _whole(tuple(owner.split(separator)))
        case "format", _:
            return _filled(owner, "{}", arguments, others="{}")
        case "lower" | "upper" | "strip" | "title", []:
            return str(getattr(owner, method)())
        case "removeprefix" | "removesuffix", [end]:
            return str(getattr(owner, method)(end))
        case _:
            return UNKNOWN


def _filled(template: str, sign: str, values: list[str], *, others: str) -> object:
    """Return a template whose places are filled; unknown if it has other signs of a format."""
    parts = template.split(sign)
    if len(parts) != len(values) + 1 or any(other in part for part in parts for other in others):
        return UNKNOWN
    return _short("".join(text for pair in zip(parts, [*values, ""], strict=True) for text in pair))
