"""Finds regular expressions of the product with more than linear cost.

Usage: `scripts/check_regular_expressions.py [PATH ...]`. Without a path, the product is checked.
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
from itertools import islice, product
from pathlib import Path
from re import _constants as ops  # pyright: ignore[reportAttributeAccessIssue]
from re import _parser as parser  # pyright: ignore[reportAttributeAccessIssue]
from typing import Any

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
_LIMIT = 0.5
"""Seconds of processor time after which one match is ended."""
_FEW = 60
"""Length of a text that takes long only if the cost is exponential."""

_FUNCTIONS = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
_ANCHORED = frozenset({"match", "fullmatch"})
_ANY_USE = frozenset({"search", "fullmatch"})
_WORDS = 12
"""Number of sample words of one repetition."""


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
    """The names of a module; a name that has no value yet stands for the text "x"."""

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


# Sample texts


type _Atom = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Repetition:
    """A repetition without a small bound: words of its prefix and words of its body."""

    prefix: str
    words: tuple[str, ...]


class Sampler:
    """Builds words from the syntax tree of an expression."""

    def __init__(self, expression: Expression) -> None:
        self._tree = parser.parse(expression.pattern, expression.flags)
        self._flags = self._tree.state.flags
        self.alphabet = self._representatives()

    def texts(self, length: int) -> Iterator[tuple[str, str]]:
        """Yield a pump and a text of about `length` characters, for each attack."""
        pumps: dict[tuple[str, str], None] = {}
        for each in self._repetitions(list(self._tree), ""):
            for word in each.words:
                pumps[each.prefix, word] = None
                pumps["", each.prefix + word] = None
                pumps["", word] = None
            pumps["", each.prefix] = None
        for (prefix, word), suffix in product(pumps, self._suffixes()):
            if word:
                yield word, prefix + word * (length // len(word)) + suffix

    def _suffixes(self) -> list[str]:
        rarest = sorted(self.alphabet, key=lambda char: len(self.alphabet[char]))
        return ["", *rarest[:5]]

    def _representatives(self) -> dict[str, frozenset[int]]:
        """Return one character for each set of atoms that a character can match."""
        atoms = list(_atoms(list(self._tree)))
        tests = [_test(node, self._flags) for node in atoms]
        candidates = {char for node in atoms for char in _characters(node)} | set(
            "aA0 \n\t_.-/:#\x00é"
        )
        found: dict[frozenset[int], str] = {}
        for char in sorted(candidates):
            found.setdefault(frozenset(i for i, test in enumerate(tests) if test(char)), char)
        return {char: signature for signature, char in found.items()}

    def _repetitions(self, nodes: list[Any], prefix: str) -> Iterator[_Repetition]:
        for index, (op, value) in enumerate(nodes):
            before = prefix + next(self._words(nodes[:index]), "")
            for inner in _children(op, value):
                yield from self._repetitions(list(inner), before)
            if op in _REPEATS and value[1] > _FEW:
                yield _Repetition(before, tuple(islice(self._words(list(value[2])), _WORDS)))

    def _words(self, nodes: list[Any]) -> Iterator[str]:
        parts = [list(islice(self._choices(op, value), _WORDS)) for op, value in nodes]
        return ("".join(chosen) for chosen in product(*parts))

    def _choices(self, op: Any, value: Any) -> Iterator[str]:
        if op in _REPEATS:
            once = self._words(list(value[2]))
            yield from ((word * max(value[0], 1)) for word in once)
        elif op is ops.SUBPATTERN:
            yield from self._words(list(value[3]))
        elif op is ops.ATOMIC_GROUP:
            yield from self._words(list(value))
        elif op is ops.BRANCH:
            for branch in value[1]:
                yield from islice(self._words(list(branch)), _WORDS)
        elif op in _SINGLE:
            test = _test((op, value), self._flags)
            yield from (char for char in self.alphabet if test(char))
        else:
            # Anchors and lookarounds take no character; a group reference may take none.
            yield ""


_REPEATS = frozenset({ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT})
_SINGLE = frozenset({ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY})


def _children(op: Any, value: Any) -> list[Any]:
    if op in _REPEATS:
        return [value[2]]
    if op is ops.SUBPATTERN:
        return [value[3]]
    if op is ops.BRANCH:
        return list(value[1])
    if op in {ops.ASSERT, ops.ASSERT_NOT}:
        return [value[1]]
    return [value] if op is ops.ATOMIC_GROUP else []


def _atoms(nodes: list[Any]) -> Iterator[tuple[Any, Any]]:
    for op, value in nodes:
        if op in _SINGLE:
            yield op, value
        for inner in _children(op, value):
            yield from _atoms(list(inner))


def _characters(node: tuple[Any, Any]) -> Iterator[str]:
    op, value = node
    for kind, part in value if op is ops.IN else [(op, value)]:
        if kind in {ops.LITERAL, ops.NOT_LITERAL}:
            yield chr(part)
        elif kind is ops.RANGE:
            yield from (chr(part[0]), chr((part[0] + part[1]) // 2), chr(part[1]))


def _test(node: tuple[Any, Any], flags: int) -> _Atom:
    """Return a function that tells if one character matches an atom."""
    op, value = node
    if op is ops.ANY:
        return lambda char: bool(flags & re.DOTALL) or char != "\n"
    negated = op is ops.NOT_LITERAL
    parts = list(value) if op is ops.IN else [(ops.LITERAL, value)]
    if parts and parts[0][0] is ops.NEGATE:
        negated, parts = True, parts[1:]

    def test(char: str) -> bool:
        forms = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
        return any(_has(part, form) for part in parts for form in forms) is not negated

    return test


_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


def _has(part: tuple[Any, Any], char: str) -> bool:
    kind, value = part
    if len(char) != 1:
        return False
    if kind is ops.LITERAL:
        return ord(char) == value
    if kind is ops.RANGE:
        return value[0] <= ord(char) <= value[1]
    return re.match(_CATEGORIES[value], char) is not None


# Measurement


def check(expression: Expression) -> Finding | None:
    """Return the finding about an expression, or None."""
    compiled = re.compile(expression.pattern, expression.flags)
    for method in sorted({_kind(each) for each in expression.methods}):
        run = _runner(compiled, method)
        for pump, text in Sampler(expression).texts(_SHORT):
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
    before = min(_seconds(run, text) for _ in range(3))
    if before >= _LIMIT:
        few = (prefix + pump * number + suffix for number in range(20, _FEW, 4))
        is_exponential = any(_seconds(run, each) >= _LIMIT for each in few)
        return "exponential" if is_exponential else "super-linear"
    longer = prefix + pump * (_GROWTH * _SHORT // len(pump)) + suffix
    after = min(_seconds(run, longer) for _ in range(3))
    return "super-linear" if after >= before * _SUPER_LINEAR else None


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
    sys.path.insert(0, str(ROOT))
    found = list(findings(each for path in paths for each in expressions_in(path)))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
