"""Tests that patterns match by the rules of ECMAScript, in bounded time."""

from __future__ import annotations

import re
import time

import pytest

from polysync_core.appkit.json_schema.ecma_pattern import EcmaPattern, TooSlow, ecma_pattern
from polysync_core.appkit.json_schema.ecma_translation import PatternRefused
from polysync_core.appkit.json_schema.parser import Parser
from polysync_core.appkit.json_schema.scalars import MatchingTime
from polysync_core.domain.json_types import JsonObject


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d$", "1", "\u0661"),
        (r"^\w$", "_", "é"),
        (r"^a\b", "a é", "ab"),
        (r"^\s$", "\ufeff", "\x1c"),
        (r"^a$", "a", "a\n"),
        (r"^.$", "\x85", "\u2028"),
        (r"^[^]$", "\n", ""),
        (r"^a{,2}$", "a{,2}", "aa"),
        (r"^[\d-x]$", "-", "y"),
        (r"^\a\z$", "az", "a"),
        (r"^[[:alpha:]]$", "a]", "b"),
        (r"^\p{Lu}\P{L}$", "É1", "é1"),
        (r"^[\u{1F600}-\u{1F64F}]$", "😀", "a"),
        ("^[😀-😎]$", "😃", "a"),
        (r"^\ud83d\ude00$", "😀", "😃"),
        (r"^..$", "😀", "é"),
        (r"^\cA\x02\0$", "\x01\x02\x00", "cA"),
        (r"^(?<a>x)\k<a>$", "xx", "x"),
        (r"^(?:(a)|b)\1$", "b", "ab"),
        (r"(?<!a)b", "cb", "ab"),
        (r"^a+?b*$", "aab", "b"),
        ("^#  a$", "#  a", "a"),
    ],
)
def test_a_pattern_matches_as_in_javascript(pattern: str, good: str, bad: str) -> None:
    compiled = ecma_pattern(pattern)
    assert compiled.is_in(good, 1)
    assert not compiled.is_in(bad, 1)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "a**",
        "a++",
        "*a",
        "{1}",
        "a{2,1}",
        "[b-a]",
        "\\",
        r"(?<=a)*",
        r"(?P<a>x)",
        r"(?>a)",
        r"(?#a)",
        r"(?i)a",
        r"(?i:a)",
        r"(?<a>x)(?<a>y)",
        r"\1(a)",
        r"\8",
        r"(?:(a)|b)*\1",
        r"\p{NoSuchProperty}",
        r"\p{L",
        r"\u{110000}",
        r"[\p{L}--\d]",
        r"\p{L}\_",
        "a" * 10_001,
        "(" * 9_000,
    ],
)
def test_an_unsupported_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        ecma_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"^(a|aa)+$", r"(?=(a+)+b)"])
def test_a_pattern_of_exponential_cost_ends_in_time(pattern: str) -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {"pattern": pattern}}}
    parser = Parser(root=schema, time=MatchingTime(left=0.05))
    [problem] = parser.settled(schema, {"a": "a" * 5_000 + "!"}, "params").problems
    assert problem.path == "params.a"
    assert "too long" in problem.message


def test_all_patterns_of_a_request_share_their_time() -> None:
    schema: JsonObject = {"type": "array", "items": {"pattern": r"^(a|aa)+$"}}
    parser = Parser(root=schema, time=MatchingTime(left=0.05))
    begin = time.monotonic()
    parser.settled(schema, ["a" * 100 + "!"] * 500, "params")
    assert time.monotonic() - begin < 5


def test_no_time_left_is_too_slow() -> None:
    with pytest.raises(TooSlow):
        EcmaPattern(re.compile("a"), by_code_unit=False).is_in("a", 0)  # type: ignore[arg-type]
