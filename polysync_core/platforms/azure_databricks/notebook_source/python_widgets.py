"""Reads the widgets of Python cells from the syntax tree, without executing code."""

from __future__ import annotations

import ast
import threading
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

CREATORS = frozenset({"text", "dropdown", "combobox", "multiselect"})

_reading = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """A widget of a notebook; it becomes a parameter."""

    name: str
    default: str | None = None
    description: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WidgetFindings:
    """The widgets of a notebook and the notes about them."""

    widgets: list[Widget] = field(default_factory=list[Widget])
    notes: list[str] = field(default_factory=list[str])
    read: set[str] = field(default_factory=set[str])
    """The names that the notebook reads, with `dbutils.widgets.get` or in another way."""
    marked: dict[str, None] = field(default_factory=dict[str, None])
    """The names in markers of SQL, such as `:p`: these are parameters without a widget, too."""


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree, or None if the text is not valid Python."""
    # Warnings about escapes concern the notebook's owner. The filter is shared by all threads.
    with _reading, warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def read_python(source: str, findings: WidgetFindings) -> bool:
    """Add the widgets of a cell; return False if the cell cannot be parsed."""
    tree = parse(source)
    if tree is None:
        return False
    try:
        _Reader(findings, tree).visit(tree)
    except RecursionError:
        return False
    return True


def _constants(tree: ast.Module) -> dict[str, str]:
    """Return the variables that the cell's top level binds once, to a text."""
    bindings = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    values: dict[str, str] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                if bindings[name] == 1:
                    values[name] = text
            case _:
                continue
    return values


_BLOCKS: Mapping[type[ast.AST], str] = {
    **dict.fromkeys((ast.If, ast.Try, ast.TryStar, ast.Match, ast.IfExp), "a condition"),
    **dict.fromkeys((ast.For, ast.While, ast.AsyncFor, ast.comprehension), "a loop"),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda), "a function"),
    ast.ClassDef: "a function",
}
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store})
"""The most frequent nodes without a node that matters inside."""


class _Reader:
    """Visits a syntax tree and tracks the enclosing blocks."""

    def __init__(self, findings: WidgetFindings, tree: ast.Module) -> None:
        self._findings = findings
        self._tree = tree
        self._blocks: list[str] = []
        self._aliases: set[str] = set()

    @cached_property
    def _constants(self) -> dict[str, str]:
        # Few cells name a widget by a variable, and a walk through a large tree takes time.
        return _constants(self._tree)

    def visit(self, node: ast.AST) -> None:
        """Visit a node and note the conditions, loops and functions around it."""
        if block := _BLOCKS.get(type(node)):
            self._blocks.append(block)
            self._visit_inside(node)
            self._blocks.pop()
        elif isinstance(node, ast.Assign) and _is_widgets(node.value):
            self._note_alias(node)
        else:
            if isinstance(node, ast.Call):
                self._read_call(node)
            self._visit_inside(node)

    def _visit_inside(self, node: ast.AST) -> None:
        for name in node._fields:
            value: object = getattr(node, name)
            inside = cast("list[object]", value) if isinstance(value, list) else [value]
            for each in inside:
                if isinstance(each, ast.AST) and type(each) not in _LEAVES:
                    self.visit(each)

    def _note_alias(self, node: ast.Assign) -> None:
        match node.targets:
            case [ast.Name(id=alias)]:
                self._aliases.add(alias)
            case _:
                self._visit_inside(node)

    def _read_call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(value=owner, attr=method) if self._owns(owner):
                self._call(method, node)
            case ast.Name(id="getArgument"):
                self._call("getArgument", node)
            case _:
                """Another call."""

    def _owns(self, owner: ast.expr) -> bool:
        return _is_widgets(owner) or (isinstance(owner, ast.Name) and owner.id in self._aliases)

    def _call(self, method: str, call: ast.Call) -> None:
        if method in {"get", "getArgument"}:
            name = self._text(_argument(call, 0, "name"))
            if name:
                self._findings.read.add(name)
        elif method in CREATORS:
            self._create(call)

    def _create(self, call: ast.Call) -> None:
        name = self._text(_argument(call, 0, "name"))
        if not name:
            self._findings.notes.append(
                f"line {call.lineno} of a cell creates a widget with a computed name:"
                " add the parameter by hand"
            )
            return
        notes = [f"{name} is created inside {block}" for block in dict.fromkeys(self._blocks)]
        value = _argument(call, 1, "defaultValue")
        default = self._text(value)
        if default is None and value is not None:
            notes.append(f"the default of {name} is computed: set it by hand")
        self._findings.widgets.append(Widget(name=name, default=default, notes=tuple(notes)))

    def _text(self, node: ast.expr | None) -> str | None:
        match node:
            case ast.Constant(value=bool() | None):
                return None
            case ast.Constant(value=str() | int() | float() as value):
                return str(value)
            case ast.Name(id=name):
                return self._constants.get(name)
            case _:
                return None


def _is_widgets(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="dbutils"), attr="widgets"):
            return True
        case _:
            return False


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """Return an argument by position or name; None after a starred argument."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    before = call.args[: position + 1]
    if len(before) <= position or any(isinstance(value, ast.Starred) for value in before):
        return None
    return before[position]
