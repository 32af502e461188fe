"""Evaluates value conditions: small expressions over the outputs of an upstream run.

The language is a part of Python: comparisons, `in`, `and`, `or`, `not`, arithmetic with numbers,
members of lists and objects, and literals. Calls and attributes do not exist, so an expression has
no effect and its cost is bounded by its length.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Annotated, Any, cast

from pydantic import AfterValidator, StringConstraints
from simpleeval import (  # pyright: ignore[reportMissingTypeStubs]
    InvalidExpression,
    SimpleEval,
)

from polysync_core.domain.definitions.base import Line
from polysync_core.domain.json_types import JsonValue

MAX_LENGTH = 500
_MAX_DEPTH = 20
_ALL_OUTPUTS = "outputs"
"""The name of the object of all outputs, for names that are no identifiers."""
_CONSTANTS: Mapping[str, JsonValue] = {"true": True, "false": False, "null": None}
_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.Compare,
    ast.BinOp,
    ast.UnaryOp,
    ast.Subscript,
    ast.Name,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.boolop,
    ast.expr_context,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.In,
    ast.NotIn,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Not,
    ast.USub,
)


_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
}


class Untestable(Exception):
    """An expression cannot be evaluated with these outputs; the message says why."""


def is_true(text: str, outputs: Mapping[str, JsonValue]) -> bool:
    """Return the value of a checked expression; raises `Untestable`."""
    missing = sorted(output_names(text) - outputs.keys())
    if missing:
        raise Untestable(f"there is no output '{missing[0]}'")
    evaluator = _evaluator({**outputs, **_CONSTANTS, _ALL_OUTPUTS: outputs})
    try:
        value: object = evaluator.eval(text, previously_parsed=_parsed(text).body)
    except (InvalidExpression, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise Untestable("its values cannot be compared in this way") from error
    if not isinstance(value, bool):
        raise Untestable("its value is neither true nor false")
    return value


def output_names(text: str) -> frozenset[str]:
    """Return the outputs that a checked expression reads."""
    nodes = list(ast.walk(_parsed(text)))
    names = {each.id for each in nodes if isinstance(each, ast.Name)}
    members = {
        node.slice.value
        for node in nodes
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == _ALL_OUTPUTS
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    }
    return frozenset((names - _CONSTANTS.keys() - {_ALL_OUTPUTS}) | members)


def _checked(text: str) -> str:
    """Return a valid expression; raises `ValueError` with the remedy."""
    try:
        tree = _parsed(text)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("is not an expression such as row_count > 0") from error
    if _is_deeper(tree, _MAX_DEPTH):
        raise ValueError(f"is nested more than {_MAX_DEPTH} levels deep: simplify it")
    refused = [type(each).__name__ for each in ast.walk(tree) if not isinstance(each, _ALLOWED)]
    if refused:
        raise ValueError(f"must compare outputs with values: {refused[0]} is not allowed")
    if not output_names(text):
        raise ValueError("reads no output: name an output, as in row_count > 0")
    return text


type ValueCondition = Annotated[
    Line, StringConstraints(min_length=1, max_length=MAX_LENGTH), AfterValidator(_checked)
]
"""An expression over the outputs of an upstream run that must be true."""


@lru_cache(maxsize=1000)
def _parsed(text: str) -> ast.Expression:
    return ast.parse(text.strip(), mode="eval")


def _is_deeper(tree: ast.AST, depth: int) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(depth):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def _evaluator(names: Mapping[str, object]) -> Any:
    # The library has no types.
    evaluator = cast("Any", SimpleEval(names=dict(names), functions={}))
    evaluator.operators |= {kind: _with_numbers(each) for kind, each in _ARITHMETIC.items()}
    evaluator.nodes |= dict.fromkeys((ast.List, ast.Tuple), partial(_elements, evaluator))
    return evaluator


def _elements(evaluator: Any, node: ast.List | ast.Tuple) -> list[object]:
    return [evaluator._eval(each) for each in node.elts]


def _with_numbers(
    calculate: Callable[[float, float], float],
) -> Callable[[object, object], float]:
    """Return an operation for numbers only: texts and lists could grow without a bound."""

    def checked(one: object, other: object) -> float:
        if isinstance(one, int | float) and isinstance(other, int | float):
            return calculate(one, other)
        raise TypeError("not a number")

    return checked
