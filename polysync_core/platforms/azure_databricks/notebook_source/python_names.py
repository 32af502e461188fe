"""Resolves variables and widget-creating functions across the Python cells of a notebook."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polysync_core.platforms.azure_databricks.notebook_source.findings import CREATORS
from polysync_core.platforms.azure_databricks.notebook_source.python_values import (
    DBUTILS,
    UNKNOWN,
    WIDGETS,
    Items,
    Names,
    WidgetMethod,
    bindings_of,
    value_of,
)

type Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_MUTATORS = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "update",
    }
)
_MOST_LEVELS = 4
"""The most functions that call each other on the way to a widget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """A function of the notebook that creates or reads widgets, perhaps by others."""

    function: Function
    is_method: bool
    """True if the first argument is the object or class."""

    def bound(self, call: ast.Call, names: Names) -> dict[str, object]:
        """Return the values of the function's arguments in a call."""
        arguments = self.function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        if self.is_method:
            positional = positional[1:]
        bound: dict[str, object] = {
            each.arg: UNKNOWN
            for each in (*positional, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            if each is not None
        }
        bound |= _defaults(arguments, names)
        values = [value_of(each, names) for each in call.args]
        if any(isinstance(each, ast.Starred) for each in call.args):
            return dict.fromkeys(bound, UNKNOWN)
        for each, value in zip(positional, values, strict=False):
            bound[each.arg] = value
        if arguments.vararg is not None:
            bound[arguments.vararg.arg] = Items(tuple(values[len(positional) :]))
        for keyword in call.keywords:
            if keyword.arg is None:
                return dict.fromkeys(bound, UNKNOWN)
            bound[keyword.arg] = value_of(keyword.value, names)
        return bound


def _defaults(arguments: ast.arguments, names: Names) -> Iterator[tuple[str, object]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    for each, default in zip(with_default, arguments.defaults, strict=True):
        yield each.arg, value_of(default, names)
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield each.arg, value_of(default, names)


def known_names(trees: Sequence[ast.Module]) -> dict[str, object]:
    """Return the variables whose assignments in all cells have the same value.

    An attribute, such as `Config.NAME`, has a point before its name.
    """
    nodes = [node for tree in trees for node in ast.walk(tree)]
    counts = Counter(_bound_names(nodes))
    changed = set(_changed_names(nodes))
    assigned: dict[str, list[object]] = {}
    latest: dict[str, object] = {}
    for statement in (each for tree in trees for each in tree.body):
        for name, value in _assigned(statement, latest):
            assigned.setdefault(name, []).append(value)
            latest[name] = value
    known = {
        name: values[0]
        for name, values in assigned.items()
        if name not in changed
        and counts[name] == (0 if name.startswith(".") else len(values))
        and all(each == values[0] for each in values)
    }
    return {**dict.fromkeys(counts, UNKNOWN), **known, **dict(_aliases(nodes))}


def _assigned(statement: ast.stmt, names: Names) -> Iterator[tuple[str, object]]:
    match statement:
        case ast.Assign(targets=[target], value=value):
            yield from bindings_of(target, value_of(value, names)).items()
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from bindings_of(target, value_of(value, names)).items()
        case ast.ClassDef(body=body):
            for each in body:
                yield from ((f".{name}", value) for name, value in _assigned(each, names))
        case _:
            return


def _aliases(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, object]]:
    """Yield the variables and attributes that hold the widgets or one of their methods."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[target], value=value):
                found = value_of(value, {})
            case ast.NamedExpr(target=target, value=value):
                found = value_of(value, {})
            case _:
                continue
        if found is not WIDGETS and found is not DBUTILS and not isinstance(found, WidgetMethod):
            continue
        if isinstance(target, ast.Name):
            yield target.id, found
        elif isinstance(target, ast.Attribute):
            yield f".{target.attr}", found


def _bound_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                yield f".{name}"
            case _:
                continue


def _changed_names(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the variables whose collections a cell may change after their assignment."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                if method in _MUTATORS:
                    yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case _:
                continue


def wrappers_of(trees: Sequence[ast.Module], names: Names) -> dict[str, Wrapper]:
    """Return the called functions that lead to a widget, by their names."""
    functions = dict(_functions(trees))
    called = {name for tree in trees for name in _called_names(tree)}
    found: dict[str, Wrapper] = {}
    for _ in range(_MOST_LEVELS):
        new = {
            name: wrapper
            for name, wrapper in functions.items()
            if name in called and name not in found and touches(wrapper.function, found, names)
        }
        if not new:
            break
        found |= new
    return found


def touches(node: ast.AST, wrappers: Mapping[str, Wrapper], names: Names) -> bool:
    """Return whether a part of the code may create or read a widget."""
    return any(
        isinstance(each, ast.Call) and _touches(each, wrappers, names) for each in ast.walk(node)
    )


def _touches(call: ast.Call, wrappers: Mapping[str, Wrapper], names: Names) -> bool:
    if isinstance(value_of(call.func, names), WidgetMethod):
        return True
    match call.func:
        case ast.Name(id=name):
            return name == "getArgument" or name in wrappers
        case ast.Attribute(attr=name):
            return name in CREATORS or name in wrappers or name in {"sql", "getCurrentBindings"}
        case _:
            return False


def _functions(trees: Sequence[ast.Module]) -> Iterator[tuple[str, Wrapper]]:
    """Yield the functions with a name that is defined once."""
    found: dict[str, list[Wrapper]] = {}
    for tree in trees:
        for name, wrapper in _defined(tree, is_method=False):
            found.setdefault(name, []).append(wrapper)
    yield from ((name, each[0]) for name, each in found.items() if len(each) == 1)


def _defined(node: ast.AST, *, is_method: bool) -> Iterator[tuple[str, Wrapper]]:
    for each in ast.iter_child_nodes(node):
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                is_static = any(
                    isinstance(mark, ast.Name) and mark.id == "staticmethod"
                    for mark in each.decorator_list
                )
                yield name, Wrapper(function=each, is_method=is_method and not is_static)
                yield from _defined(each, is_method=False)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
                yield name, Wrapper(function=function, is_method=False)
            case _:
                yield from _defined(each, is_method=isinstance(each, ast.ClassDef))


def _called_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                yield name
            case _:
                continue
