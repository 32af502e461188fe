"""The check of regular expressions for super-linear cost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.check_regular_expressions import Expression, expressions_in, findings

pytestmark = pytest.mark.slow


def found(pattern: str, flags: int = 0, method: str = "search") -> list[str]:
    expression = Expression(
        path="a.py", line=1, pattern=pattern, flags=flags, methods=frozenset({method})
    )
    return [finding.growth for finding in findings([expression])]


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (r"^\s*#.*$", re.MULTILINE),
        (r"\s+$", 0),
        (r"/\*.*?\*/", re.DOTALL),
        (r"<[^>]*>", 0),
        (r"a.*b.*c", 0),
        (r"(?:,[^;]*){3};", 0),
        (r"[0-9]+x", 0),
    ],
)
def test_polynomial_cost_is_found(pattern: str, flags: int) -> None:
    assert found(pattern, flags) == ["super-linear"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(?:a|aa)+$",
        r"(?:a|a)*b",
        r"(?:\w+\s?)*;",
        r"\{(?P<name>[A-Za-z]\w*)(?P<constraint>(?::[^{}?=]+)*)\}",
        r"(?:ab|a|b)*c",
    ],
)
def test_exponential_cost_is_found(pattern: str) -> None:
    assert found(pattern) == ["exponential"]
    assert found(pattern, method="fullmatch") == ["exponential"]


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (r"^[^\S\n]*#.*$", re.MULTILINE),
        (r"\{(?P<name>[A-Za-z]\w{0,99})(?P<constraint>(?::[^{}?=]+)?)\}", 0),
        (r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL),
        (r"[a-z0-9]+(?:-[a-z0-9]+)*", 0),
    ],
)
def test_linear_cost_is_accepted(pattern: str, flags: int) -> None:
    assert found(pattern, flags) == []


def test_an_expression_that_is_only_matched_from_the_start_may_be_slow_to_search() -> None:
    assert found(r"[0-9]+x", method="fullmatch") == []


def test_expressions_are_read_with_their_constants_flags_and_use(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        'PART = r"a+"\n'
        'WHOLE = re.compile(rf"{PART}b", re.I)\n'
        "def use(text, word):\n"
        "    WHOLE.match(text)\n"
        '    re.sub(r"c" + re.escape(word), "", text, flags=re.S)\n'
        '    Form(pattern=re.compile(rb"d"))\n'
    )

    read = [
        (each.line, each.pattern, each.flags, set(each.methods))
        for each in expressions_in(source, {"PART": "a+", "re": re})
    ]

    assert read == [
        (2, "a+b", int(re.I), {"match"}),
        (5, "cx", int(re.S), {"sub"}),
        (6, "d", 0, {"search", "fullmatch"}),
    ]
