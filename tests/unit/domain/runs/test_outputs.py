"""Outputs that are stored, rejected or redacted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.runs.outputs import TOTAL_BYTES, VALUE_BYTES, kept_outputs
from polysync_core.domain.security.redaction import Redactor
from polysync_core.domain.security.secrets import Secret
from tests.fakes.builders import a_job


def a_job_with(*parameters: dict[str, Any]) -> Job:
    return a_job(parameters=list(parameters))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("x" * 65_533, True, id="65,535 bytes"),
        pytest.param("x" * 65_534, True, id="65,536 bytes"),
        pytest.param("x" * 65_535, False, id="65,537 bytes"),
        pytest.param("\u00e9" * 32_767, True, id="65,536 bytes of two-byte characters"),
        pytest.param("\u00e9" * 32_767 + "x", False, id="65,537 bytes, of fewer characters"),
        pytest.param("\U0001f600" * 16_384, False, id="65,538 bytes of four-byte characters"),
        pytest.param('"' * 32_767, True, id="65,536 bytes as JSON escapes them"),
        pytest.param([0] * 32_767, True, id="a list of 65,535 bytes"),
        pytest.param([0] * 32_768, False, id="a list of 65,537 bytes"),
    ],
)
def test_a_value_of_64_kib_is_kept_and_no_larger_one(value: Any, kept: bool) -> None:
    outputs = kept_outputs(a_job(), {"value": value, "after": 1})

    assert ("value" in outputs.values) is kept
    assert outputs.values["after"] == 1
    assert ("value" in outputs.not_kept) is not kept
    if not kept:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
        assert f"value (it has {size:,} bytes" in (outputs.note or "")


def test_outputs_beyond_the_total_limit_are_dropped_and_smaller_ones_are_kept() -> None:
    given = {f"part{n}": "x" * 60_000 for n in range(5)} | {"rows": 7}
    outputs = kept_outputs(a_job(), given)

    assert list(outputs.values) == ["part0", "part1", "part2", "part3", "rows"]
    assert "part4 (with its 60,002 bytes" in (outputs.note or "")


def test_the_names_of_outputs_count_towards_the_size_limit() -> None:
    outputs = kept_outputs(a_job(), {f"{n:0>200}": 0 for n in range(2_000)})

    assert len(json.dumps(dict(outputs.values), separators=(",", ":"))) <= TOTAL_BYTES + 1
    assert len(outputs.values) < 2_000
    assert len(outputs.not_kept) == 20
    assert (outputs.note or "").endswith("more.")
    assert len(outputs.note or "") < 6_000


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        pytest.param("rate", float("nan"), "must be a finite number", id="not a number"),
        pytest.param("rate", [{"a": float("-inf")}], "must be a finite number", id="deep inside"),
        pytest.param("text", "\ud800", "half of a surrogate pair", id="half a character"),
        pytest.param("\udfff", 1, "half of a surrogate pair", id="a name of half a character"),
        pytest.param("__class__", 1, "not allowed anywhere", id="a key of the engine"),
        pytest.param("a", {"__module__": 1}, "not allowed anywhere", id="such a key inside"),
        pytest.param("", 1, "1 to 255 characters", id="no name"),
        pytest.param("n" * 256, 1, "1 to 255 characters", id="a name that no mapping can hold"),
        pytest.param("big", 10**5_000, "a number that is too long", id="an endless number"),
    ],
)
def test_an_output_that_cannot_be_stored_is_dropped_and_named(
    name: str, value: Any, why: str
) -> None:
    outputs = kept_outputs(a_job(), {name: value, "rows": 1})

    assert outputs.values == {"rows": 1}
    assert why in (outputs.note or "")
    (outputs.note or "").encode()


def test_a_hostile_name_stays_on_its_line_of_the_history() -> None:
    name = "a\n2026-01-01 Succeeded\x1b[2J" + "b" * 200
    outputs = kept_outputs(a_job(), {name: "x" * VALUE_BYTES})

    assert outputs.note is not None
    assert "\n" not in outputs.note
    assert "\x1b" not in outputs.note
    assert len(outputs.note) < 250


@pytest.mark.parametrize("nesting", [41, 100_000])
def test_a_value_that_is_nested_too_deeply_is_not_kept(nesting: int) -> None:
    value: Any = 0
    for _ in range(nesting):
        value = [value]
    outputs = kept_outputs(a_job(), {"deep": value})
    assert "nested deeper than 40 levels" in outputs.not_kept["deep"]


def test_outputs_that_no_schema_names_are_kept() -> None:
    job = a_job_with({"name": "rows", "dataType": "Int", "direction": "Output"})
    assert kept_outputs(job, {"rows": 1, "path": "/a"}).values == {"rows": 1, "path": "/a"}


@pytest.mark.parametrize(
    "parameter",
    [
        pytest.param(
            {"name": "token", "direction": "Output", "sensitive": True}, id="a sensitive output"
        ),
        pytest.param(
            {"name": "token", "direction": "InputOutput", "sensitive": True}, id="one that goes in"
        ),
        pytest.param(
            {"name": "token", "dataType": "Secret", "direction": "Output"}, id="a Secret output"
        ),
        pytest.param({"name": "token", "dataType": "Secret"}, id="an echo of a secret input"),
    ],
)
@pytest.mark.parametrize("value", ["canary-1f", {"a": ["canary-1f"]}, "canary-1f" * 10_000])
def test_nothing_is_kept_of_a_sensitive_output_but_its_name(
    parameter: dict[str, Any], value: Any
) -> None:
    outputs = kept_outputs(a_job_with(parameter), {"token": value, "rows": 1})

    assert (outputs.values, outputs.redacted) == ({"rows": 1}, ("token",))
    assert "canary" not in repr(outputs)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("canary-1f", id="itself"),
        pytest.param("https://x?key=canary-1f&y", id="within a text"),
        pytest.param({"a": [{"b": "canary-1f"}]}, id="deep inside"),
        pytest.param({"canary-1f": 1}, id="as a key"),
        pytest.param("eyJ0IjogImNhbmFyeS0xZiJ9", id="within base64"),
        pytest.param("63616E6172792D3166", id="in hex"),
    ],
)
def test_an_output_that_holds_a_secret_of_the_run_is_sensitive_under_any_name(
    value: Any,
) -> None:
    given = {"title": value, "rows": 1, "canary-1f": 2}

    outputs = kept_outputs(a_job(), given, Redactor([Secret("other"), Secret("canary-1f")]))

    assert (outputs.values, outputs.redacted) == ({"rows": 1}, ("title",))
    assert "canary" not in repr(outputs)


@pytest.mark.parametrize(
    ("value", "kept"), [(12, False), ("12", False), ("a12", True), (120, True)]
)
def test_a_short_secret_is_found_where_it_stands_by_itself(value: Any, kept: bool) -> None:
    outputs = kept_outputs(a_job(), {"value": value}, Redactor([Secret("12")]))
    assert ("value" in outputs.values) is kept


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=12), _JSON))
def test_kept_outputs_can_be_stored_and_dropped_outputs_are_named(
    given: dict[str, Any],
) -> None:
    outputs = kept_outputs(a_job(), given)

    json.dumps(dict(outputs.values), allow_nan=False, ensure_ascii=False).encode()
    assert set(outputs.values) <= set(given)
    assert (outputs.note is None) is (len(outputs.values) == len(given))
