"""Parses `${{ }}` expressions in GitHub Actions workflows, and lists the values that they use.

The grammar is that of https://docs.github.com/actions/reference/workflows-and-actions/expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FUNCTIONS: dict[str, tuple[int, int]] = {
    "contains": (2, 2),
    "startsWith": (2, 2),
    "endsWith": (2, 2),
    "format": (1, 99),
    "join": (1, 2),
    "toJSON": (1, 1),
    "fromJSON": (1, 1),
    "hashFiles": (1, 99),
    "success": (0, 0),
    "always": (0, 0),
    "cancelled": (0, 0),
    "failure": (0, 0),
}
"""The functions with the smallest and largest number of their arguments."""
STATUS_FUNCTIONS = frozenset({"success", "always", "cancelled", "failure"})
"""The functions that only a condition may call."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?))
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*])
    )""",
    re.VERBOSE,
)
_LITERALS = frozenset({"true", "false", "null"})
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_OPERATORS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
"""The binary operators, the weakest first."""


class WrongExpression(Exception):
    """An expression has a fault; the text says which one."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that an expression reads, such as `steps.build.outputs.name`."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function that an expression calls."""

    name: str


type Use = Reference | Call


def embedded(text: str) -> list[str]:
    """Return the expressions in a text; raises `WrongExpression` if one is not closed."""
    if text.count("${{") != len(_EMBEDDED.findall(text)):
        raise WrongExpression("an expression has no closing }}")
    return [each.strip() for each in _EMBEDDED.findall(text)]


def without_expressions(text: str) -> str:
    """Return a text with a word in the place of each expression."""
    return _EMBEDDED.sub("x", text)


def uses_of(expression: str) -> list[Use]:
    """Return the values and functions of an expression; raises `WrongExpression`."""
    parser = _Parser(list(_tokens(expression)))
    parser.binary(0)
    parser.end()
    return parser.uses


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position, text = 0, expression.rstrip()
    if not text:
        raise WrongExpression("an expression is empty")
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise WrongExpression(f"'{text[position:].strip()[:20]}' is no part of an expression")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


class _Parser:
    """A parser by recursive descent."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self.uses: list[Use] = []

    def binary(self, level: int) -> None:
        """Parse operands with the operators of a level and stronger ones."""
        if level == len(_OPERATORS):
            self._unary()
            return
        self.binary(level + 1)
        while self._next() in _OPERATORS[level]:
            self._take()
            self.binary(level + 1)

    def end(self) -> None:
        """Expect the end of the expression."""
        if self._tokens:
            raise WrongExpression(f"'{self._next()}' is not expected")

    def _unary(self) -> None:
        if self._next() == "!":
            self._take()
            self._unary()
            return
        kind, value = self._take()
        if value == "(":
            self.binary(0)
            self._expect(")")
        elif kind == "name" and value not in _LITERALS:
            self._named(value)
        elif kind == "sign":
            raise WrongExpression(f"'{value}' is not expected")

    def _named(self, name: str) -> None:
        if self._next() == "(":
            self._call(name)
            return
        path = [name]
        while self._next() in {".", "["}:
            if self._take()[1] == ".":
                path.append(self._property())
            else:
                path.append(self._index())
        self.uses.append(Reference(tuple(path)))

    def _property(self) -> str:
        kind, value = self._take()
        if kind != "name" and value != "*":
            raise WrongExpression(f"'{value}' is no name of a property")
        return value

    def _index(self) -> str:
        kind, value = self._tokens[0] if self._tokens else ("", "")
        self.binary(0)
        self._expect("]")
        return value[1:-1] if kind == "text" else "*"

    def _call(self, name: str) -> None:
        self._take()
        count = 0
        while self._next() != ")":
            if count:
                self._expect(",")
            self.binary(0)
            count += 1
        self._expect(")")
        if name not in FUNCTIONS:
            raise WrongExpression(f"there is no function {name}")
        least, most = FUNCTIONS[name]
        if not least <= count <= most:
            raise WrongExpression(f"{name} does not take {count} arguments")
        self.uses.append(Call(name))

    def _next(self) -> str:
        return self._tokens[0][1] if self._tokens and self._tokens[0][0] == "sign" else ""

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise WrongExpression("the expression ends too early")
        return self._tokens.pop(0)

    def _expect(self, sign: str) -> None:
        if self._take()[1] != sign:
            raise WrongExpression(f"'{sign}' is missing")
