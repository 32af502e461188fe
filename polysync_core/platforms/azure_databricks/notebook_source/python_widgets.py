"""Finds widgets in the syntax trees of Python cells, without executing code.

The names of all cells count together. A loop over literals is read once for each item, and a
function of the notebook once for each call.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import cast

from polysync_core.platforms.azure_databricks.notebook_source.cells import Cell, Language
from polysync_core.platforms.azure_databricks.notebook_source.findings import (
    CREATORS,
    READERS,
    READERS_OF_ALL,
    Widget,
    WidgetFindings,
    computed_default,
)
from polysync_core.platforms.azure_databricks.notebook_source.python_names import (
    Wrapper,
    known_names,
    touches,
    wrappers_of,
)
from polysync_core.platforms.azure_databricks.notebook_source.python_values import (
    ABSENT,
    UNKNOWN,
    Entries,
    Names,
    WidgetMethod,
    bindings_of,
    holds_widgets,
    items_of,
    text_of,
    value_of,
)
from polysync_core.platforms.azure_databricks.notebook_source.searched_widgets import (
    search_widgets,
)

MAX_REPEATED_NODES = 30_000
"""The most nodes that are visited in loops and functions of one notebook."""
_MAX_CALL_DEPTH = 4

_reading = threading.Lock()

_BLOCKS: Mapping[type[ast.AST], str] = {
    **dict.fromkeys((ast.If, ast.Try, ast.TryStar, ast.Match, ast.IfExp), "a condition"),
    **dict.fromkeys((ast.For, ast.While, ast.AsyncFor, ast.comprehension), "a loop"),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda), "a function"),
    ast.ClassDef: "a function",
}
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store})
"""The most frequent nodes without a node that matters inside."""
_STATEMENT = re.compile(r"\bcreate\s+widget\b", re.IGNORECASE)
_EXECUTES = re.compile(r"sql|exec|query|statement", re.IGNORECASE)
"""Names of functions that execute a statement of SQL."""
_HARMLESS = frozenset({"print", "type", "isinstance", "hasattr", "getattr", "dir", "id", "repr"})
"""Functions that create no widget from the object that they are given."""


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree, or None if the text is not valid Python."""
    # Warnings about escapes concern the notebook's owner. The filter is shared by all threads.
    with _reading, warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


class PythonReader:
    """Visits the syntax trees of one notebook and tracks the enclosing blocks and the names."""

    def __init__(self, trees: Sequence[ast.Module], findings: WidgetFindings) -> None:
        self._findings = findings
        self._names: dict[str, object] = {}
        self._wrappers: dict[str, Wrapper] = {}
        try:
            self._names = known_names(trees)
            self._wrappers = wrappers_of(trees, self._names)
        except RecursionError:
            findings.notes.append("a cell is nested too deeply: check the parameters")
        self._module = self._names
        self._expanded = {id(each.function) for each in self._wrappers.values()}
        self._touching: dict[int, bool] = {}
        self._blocks: list[str] = []
        self._certain = 0
        """The number of blocks around the loop or function that is being read."""
        self._given: list[Names] = []
        """The arguments of the functions that are being read."""
        self._repeats = 0
        self._visits_left = MAX_REPEATED_NODES

    def read(self, tree: ast.Module) -> bool:
        """Add the widgets of a cell; return False if the code is nested too deeply."""
        try:
            self._visit(tree)
        except RecursionError:
            return False
        return True

    def _visit(self, node: ast.AST) -> None:
        """Visit a node and note the conditions, loops and functions around it."""
        if self._repeats:
            self._visits_left -= 1
            if self._visits_left == -1:
                self._findings.notes.append(
                    "loops and functions of the notebook take too long to read: check its"
                    " parameters"
                )
            if self._visits_left < 0:
                return
        if id(node) in self._expanded:
            return
        match node:
            case ast.For() | ast.AsyncFor():
                self._loop(node)
            case ast.ListComp(generators=generators) | ast.SetComp(generators=generators):
                self._comprehension(generators, [node.elt])
            case ast.GeneratorExp(generators=generators, elt=element):
                self._comprehension(generators, [element])
            case ast.DictComp(generators=generators):
                self._comprehension(generators, [node.key, node.value])
            case _:
                self._visit_plain(node)

    def _visit_plain(self, node: ast.AST) -> None:
        if block := _BLOCKS.get(type(node)):
            arguments = _unknown_arguments(node)
            with self._inside(block), self._bound(arguments) if arguments else nullcontext():
                self._visit_parts(node)
            return
        if isinstance(node, ast.Call):
            self._read_call(node)
        self._visit_parts(node)
        if self._repeats:
            self._assign(node)

    def _assign(self, node: ast.AST) -> None:
        """Bind the variables of an assignment; after a condition their values are unknown."""
        match node:
            case ast.Assign(targets=[target], value=value):
                found = self._value(value) if len(self._blocks) == self._certain else UNKNOWN
            case ast.AugAssign(target=target):
                found = UNKNOWN
            case _:
                return
        self._names = {**self._names, **bindings_of(target, found)}

    def _visit_parts(self, node: ast.AST) -> None:
        for name in node._fields:
            value: object = getattr(node, name)
            self._visit_all(cast("list[object]", value) if isinstance(value, list) else [value])

    def _visit_all(self, nodes: Sequence[object]) -> None:
        for each in nodes:
            if isinstance(each, ast.AST) and type(each) not in _LEAVES:
                self._visit(each)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        items = items_of(self._value(node.iter))
        self._visit_all([node.iter])
        if items is None or not self._matters(items, *node.body):
            self._names = {**self._names, **bindings_of(node.target, UNKNOWN)}
            with self._inside("a loop"):
                self._visit_all(node.body)
        else:
            for item in self._within_limit(items):
                with self._repeated(bindings_of(node.target, item)):
                    self._visit_all(node.body)
                    assigned = self._names
                if self._repeats:
                    # The names of an outer loop or function follow the order of the code.
                    self._names = assigned
        self._visit_all(node.orelse)

    def _comprehension(
        self, generators: Sequence[ast.comprehension], elements: Sequence[ast.expr]
    ) -> None:
        if not generators:
            self._visit_all(elements)
            return
        first, *others = generators
        items = items_of(self._value(first.iter))
        self._visit_all([first.iter])
        if items is None or not self._matters(items, *elements):
            with self._inside("a loop"), self._bound(bindings_of(first.target, UNKNOWN)):
                self._comprehension(others, elements)
            return
        for item in self._within_limit(items):
            with self._repeated(bindings_of(first.target, item)):
                self._comprehension(others, elements)

    def _within_limit(self, items: Sequence[object]) -> Iterator[object]:
        """Yield the items of a loop until the limit of repeated nodes is reached."""
        for item in items:
            if self._visits_left < 0:
                return
            yield item

    def _matters(self, items: Sequence[object], *nodes: ast.AST) -> bool:
        """Return whether the parts of a loop may create or read a widget."""
        if any(map(holds_widgets, items)):
            return True
        return any(map(self._touches, nodes))

    def _touches(self, node: ast.AST) -> bool:
        # A loop inside of a loop is asked again in each iteration, and the walk takes time.
        known = self._touching.get(id(node))
        if known is None:
            known = self._touching[id(node)] = touches(node, self._wrappers, self._names)
        return known

    @contextmanager
    def _inside(self, block: str) -> Generator[None]:
        self._blocks.append(block)
        try:
            yield
        finally:
            self._blocks.pop()

    @contextmanager
    def _bound(self, values: Names) -> Generator[None]:
        before = self._names
        self._names = {**before, **values}
        try:
            yield
        finally:
            self._names = before

    @contextmanager
    def _repeated(self, values: Names) -> Generator[None]:
        certain, self._certain = self._certain, len(self._blocks)
        self._repeats += 1
        try:
            with self._bound(values):
                yield
        finally:
            self._repeats -= 1
            self._certain = certain

    def _read_call(self, call: ast.Call) -> None:
        method = self._value(call.func)
        if isinstance(method, WidgetMethod):
            self._call(method.name, call)
            return
        match call.func:
            case ast.Name(id="getArgument"):
                self._call("getArgument", call)
            case ast.Attribute(attr="getCurrentBindings"):
                self._findings.reads_all()
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in self._wrappers:
                self._expand(self._wrappers[name], call)
            case _:
                self._read_arguments(call)

    def _call(self, method: str, call: ast.Call) -> None:
        line = f"line {call.lineno} of a cell"
        if method in READERS:
            name = text_of(_argument(call, 0, "name", self._names))
            if name:
                self._findings.read.add(name)
            else:
                self._findings.computed_read(line)
        elif method in READERS_OF_ALL:
            self._findings.reads_all()
        elif method in CREATORS:
            self._create(call, line)
        elif not method:
            self._findings.computed_name(line)

    def _create(self, call: ast.Call, line: str) -> None:
        name = text_of(_argument(call, 0, "name", self._names))
        if not name:
            self._findings.computed_name(line)
            return
        blocks = [*self._blocks]
        if self._given and text_of(_argument(call, 0, "name", self._without_arguments())):
            blocks.append("a function")
        notes = [f"{name} is created inside {block}" for block in dict.fromkeys(blocks)]
        value = _argument(call, 1, "defaultValue", self._names)
        default = text_of(value)
        if default is None and value is not ABSENT:
            notes.append(computed_default(name))
        self._findings.widgets.append(Widget(name=name, default=default, notes=tuple(notes)))

    def _without_arguments(self) -> dict[str, object]:
        given = {name for names in self._given for name in names}
        return {**self._names, **dict.fromkeys(given, UNKNOWN)}

    def _expand(self, wrapper: Wrapper, call: ast.Call) -> None:
        """Read a function of the notebook with the arguments of a call."""
        if len(self._given) >= _MAX_CALL_DEPTH:
            self._findings.computed_name(f"line {call.lineno} of a cell")
            return
        bound = wrapper.bound(call, self._names)
        body = wrapper.function.body
        self._given.append(bound)
        try:
            with self._repeated({**self._module, **bound}):
                self._visit_all(body if isinstance(body, list) else [body])
        finally:
            self._given.pop()

    def _read_arguments(self, call: ast.Call) -> None:
        """Read a statement of SQL, or note that other code gets the widgets."""
        for each in (*call.args, *(keyword.value for keyword in call.keywords)):
            value = self._value(each)
            if holds_widgets(value):
                self._note_passed(call)
            elif not _EXECUTES.search(_name_of(call.func)):
                continue
            elif isinstance(value, str) and _STATEMENT.search(value):
                search_widgets(Cell(Language.SQL, value), self._findings, only_statements=True)
            elif value is UNKNOWN and _STATEMENT.search(_texts_in(each)):
                self._findings.computed_name(f"line {call.lineno} of a cell")

    def _note_passed(self, call: ast.Call) -> None:
        function = _name_of(call.func)
        if function not in _HARMLESS:
            self._findings.notes.append(
                f"line {call.lineno} of a cell passes dbutils to {function or 'other code'}, which"
                " may create or read widgets: check the parameters"
            )

    def _value(self, node: ast.expr) -> object:
        return value_of(node, self._names)


def _unknown_arguments(node: ast.AST) -> dict[str, object]:
    """Return the arguments of a function, whose values a call decides."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return {}
    return {each.arg: UNKNOWN for each in ast.walk(node.args) if isinstance(each, ast.arg)}


def _name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name[:100]
        case _:
            return ""


def _texts_in(node: ast.expr) -> str:
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return " ".join(each for each in constants if isinstance(each, str))


def _argument(call: ast.Call, position: int, name: str, names: Names) -> object:
    """Return an argument by name or position; `ABSENT` if the call does not have it."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return value_of(keyword.value, names)
        if keyword.arg is None:
            several = value_of(keyword.value, names)
            if not isinstance(several, Entries):
                return UNKNOWN
            if name in several.values:
                return several.values[name]
    given: list[object] = []
    for each in call.args:
        items = items_of(value_of(each.value, names)) if isinstance(each, ast.Starred) else None
        if items is None and isinstance(each, ast.Starred):
            return given[position] if len(given) > position else UNKNOWN
        given += items if items is not None else [value_of(each, names)]
    return given[position] if len(given) > position else ABSENT
