"""Finds regular expressions in the product whose matching time grows more than linearly.

Usage: `python -m scripts.check_regular_expressions [PATH ...]`. Without a path, the product is
checked.
The script reads every expression from the source, builds texts from its repetitions, and matches
these texts. An expression is reported if its time grows faster than the length of a text.
Patterns of pydantic fields are left out, because their engine has linear cost.
The exit status is 1 if there is a finding.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.sample_texts import FEW, Sampler

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("polysync_core", "orchestrations", "triggers", "devhost", "simulators")

_SHORT = 2_000
"""Length of the texts of the first measurement, in characters."""
_GROWTH = 4
"""Factor by which the texts of the second measurement are longer."""
_SUSPICIOUS = 0.0008
"""Seconds for a short text from which an expression is measured a second time."""
_SUPER_LINEAR = 8
"""Growth of the time from which an expression is reported; 4 is linear, 16 is quadratic."""
_LIMIT = 0.1
"""Seconds of processor time after which one match is ended."""
_FUNCTIONS = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
_ANCHORED = frozenset({"match", "fullmatch"})
_ANY_USE = frozenset({"search", "fullmatch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A regular expression of the source and the way in which it is used."""

    path: str
    line: int
    pattern: str
    flags: int = 0
    methods: frozenset[str] = frozenset({"search"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An expression with super-linear cost and a text that shows it."""

    expression: Expression
    growth: str
    pump: str

    def __str__(self) -> str:
        where = f"{self.expression.path}:{self.expression.line}"
        return (
            f"{where}: {self.growth} cost of {self.expression.pattern!r}"
            f" for repetitions of {self.pump!r}"
        )


class _TooSlow(Exception):
    """A match took longer than its limit."""


# Collection


def expressions_in(path: Path, namespace: Mapping[str, Any] | None = None) -> Iterator[Expression]:
    """Yield the regular expressions of one module."""
    tree = ast.parse(path.read_text("utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _function_of(node) is not None
    ]
    if not calls:
        return
    names = _Names(_module(path) if namespace is None else namespace)
    used = _methods(tree)
    assigned = {id(value): name for name, value in _bindings(tree)}
    shown = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
    for call in calls:
        function = _function_of(call)
        pattern, flags = _value_of(call.args[0], names), _flags_of(call, function, names)
        if isinstance(pattern, bytes):
            pattern = pattern.decode("latin-1")
        methods = used.get(assigned.get(id(call), "")) or _ANY_USE
        yield Expression(
            path=shown,
            line=call.lineno,
            pattern=str(pattern),
            flags=flags,
            methods=methods if function == "compile" else frozenset({str(function)}),
        )


class _Names(dict[str, Any]):
    """The names of a module; a name without a value yet has the text "x"."""

    def __getitem__(self, name: str) -> Any:
        if name in self:
            return super().__getitem__(name)
        return getattr(builtins, name, "x")


def _function_of(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name), args=[_, *_]):
            return name if name in _FUNCTIONS else None
        case _:
            return None


def _module(path: Path) -> dict[str, Any]:
    if path.name == "__main__.py" or not path.is_relative_to(ROOT):
        return {"re": re}
    parts = path.relative_to(ROOT).with_suffix("").parts
    return vars(importlib.import_module(".".join(part for part in parts if part != "__init__")))


def _value_of(node: ast.expr, names: _Names) -> Any:
    code = compile(ast.Expression(node), "<expression>", "eval")
    return eval(code, {"re": re}, names)  # noqa: S307 - the source is this repository


def _flags_of(call: ast.Call, function: str | None, names: _Names) -> int:
    position = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(str(function), 2)
    given = [each.value for each in call.keywords if each.arg == "flags"] + call.args[position:]
    return int(_value_of(given[0], names)) if given else 0


def _bindings(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the name of each variable and keyword argument, with its value."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.keyword(arg=str(name), value=value):
                yield name, value
            case _:
                continue


def _methods(tree: ast.AST) -> dict[str, frozenset[str]]:
    """Return the methods by which the module uses each name; another use allows all methods."""
    found: dict[str, set[str]] = {}
    called: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name) as used, attr=method):
                found.setdefault(name, set()).add(method)
                called.add(id(used))
            case ast.Attribute(value=ast.Attribute(attr=name), attr=method):
                found.setdefault(name, set()).add(method)
            case _:
                continue
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            found.setdefault(node.id, set()).update(_ANY_USE)
    return {name: frozenset(methods & _FUNCTIONS) for name, methods in found.items()}


# Measurement


def check(expression: Expression) -> Finding | None:
    """Return the finding about an expression, or None."""
    compiled = re.compile(expression.pattern, expression.flags)
    for method in sorted({_kind(each) for each in expression.methods}):
        run = _runner(compiled, method)
        for pump, text in Sampler(expression.pattern, expression.flags).texts(_SHORT):
            seconds = _seconds(run, text)
            if seconds >= _SUSPICIOUS:
                growth = _growth(run, pump, text)
                if growth is not None:
                    return Finding(expression=expression, growth=growth, pump=pump)
    return None


def _kind(method: str) -> str:
    return method if method in _ANCHORED else "search"


def _runner(compiled: re.Pattern[str], method: str) -> Callable[[str], object]:
    if method == "search":
        return lambda text: sum(1 for _ in compiled.finditer(text))
    return getattr(compiled, method)


def _growth(run: Callable[[str], object], pump: str, text: str) -> str | None:
    """Return the word for the growth of the time, or None if it is linear."""
    start = text.find(pump)
    end = text.rfind(pump) + len(pump)
    prefix, suffix = text[:start], text[end:]
    before = _least_seconds(run, text)
    if before >= _LIMIT:
        few = (prefix + pump * number + suffix for number in range(20, FEW, 4))
        is_exponential = any(_seconds(run, each) >= _LIMIT for each in few)
        return "exponential" if is_exponential else "super-linear"
    longer = prefix + pump * (_GROWTH * _SHORT // len(pump)) + suffix
    after = _least_seconds(run, longer)
    return "super-linear" if after >= before * _SUPER_LINEAR else None


def _least_seconds(run: Callable[[str], object], text: str) -> float:
    """Return the least of three times; two times at the limit are enough."""
    least = _LIMIT
    for number in range(3):
        least = min(least, _seconds(run, text))
        if number and least >= _LIMIT:
            break
    return least


def _seconds(run: Callable[[str], object], text: str) -> float:
    start = time.thread_time()
    try:
        with _limited():
            run(text)
    except _TooSlow:
        return _LIMIT
    return time.thread_time() - start


@contextmanager
def _limited() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, _LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _end(_signal: int, _frame: object) -> None:
    raise _TooSlow


def findings(expressions: Iterable[Expression]) -> Iterator[Finding]:
    """Yield the findings about expressions; works in the main thread only."""
    before = signal.signal(signal.SIGPROF, _end)
    try:
        distinct = {(each.pattern, each.flags, each.methods): each for each in expressions}
        for expression in distinct.values():
            found = check(expression)
            if found is not None:
                yield found
    finally:
        signal.signal(signal.SIGPROF, before)


def main() -> int:
    """Check the files of the command line, or the product."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("paths", nargs="*", type=Path)
    paths = options.parse_args().paths or [
        path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    found = list(findings(each for path in paths for each in expressions_in(path)))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
