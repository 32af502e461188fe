"""Differences of definitions: entries of lists are compared by their keys, not positions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.differences import differences
from polysync_core.domain.definitions.document import read_definition

type Expected = list[tuple[str, Any, Any]]


def changed(kind: Kind, before: dict[str, Any], after: dict[str, Any]) -> Expected:
    one, other = (read_definition(kind, {"name": "x", **each}) for each in (before, after))
    return [(each.path, each.before, each.after) for each in differences(one, other)]


def job(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": "p",
        "jobType": "DatabricksNotebook",
        "externalId": "/x",
        "parameters": list(parameters),
    }


A, B, C = ({"name": name, "dataType": "Int"} for name in "abc")
DAILY = {"name": "daily", "cron": "0 6 * * *"}
NIGHTLY = {"name": "nightly", "cron": "0 2 * * *"}


def test_parameters_removed_from_the_middle_are_the_only_difference() -> None:
    assert changed(Kind.JOB, job(A, B, C), job(A, C)) == [("parameters.b", B, None)]
    assert changed(Kind.JOB, job(A, C), job(B, A, C)) == [("parameters.b", None, B)]


def test_a_renamed_parameter_is_removed_and_added() -> None:
    assert changed(Kind.JOB, job(A, B), job(A, C)) == [
        ("parameters.b", B, None),
        ("parameters.c", None, C),
    ]


def test_a_changed_entry_shows_only_the_changed_field() -> None:
    later = {**B, "default": 5}
    assert changed(Kind.JOB, job(A, B), job(A, later)) == [("parameters.b.default", None, 5)]


def test_a_new_order_is_a_difference_of_the_list() -> None:
    assert changed(Kind.JOB, job(A, B, C), job(C, A)) == [
        ("parameters.b", B, None),
        ("parameters", ["a", "c"], ["c", "a"]),
    ]


def test_the_whole_list_may_come_or_go() -> None:
    assert changed(Kind.JOB, job(), job(A)) == [("parameters.a", None, A)]
    assert changed(Kind.JOB, job(A), job()) == [("parameters.a", A, None)]


def test_a_name_with_special_characters_is_quoted() -> None:
    odd = {"name": "a.b c", "dataType": "Int"}
    assert changed(Kind.JOB, job(), job(odd)) == [('parameters["a.b c"]', None, odd)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            {"schedules": [DAILY, NIGHTLY]},
            {"schedules": [NIGHTLY]},
            [("schedules.daily", DAILY, None)],
            id="schedules",
        ),
        pytest.param(
            {"schedules": [DAILY]},
            {"schedules": [{**DAILY, "cron": "0 7 * * *"}]},
            [("schedules.daily.cron", "0 6 * * *", "0 7 * * *")],
            id="a field of a schedule",
        ),
        pytest.param(
            {"dependencies": [{"task": "a"}, {"task": "b"}]},
            {"dependencies": [{"task": "b", "condition": "OnFailure"}]},
            [
                ("dependencies.a", {"task": "a"}, None),
                ("dependencies.b.condition", None, "OnFailure"),
            ],
            id="dependencies",
        ),
        pytest.param(
            {
                "dependencies": [
                    {
                        "task": "a",
                        "mappings": [
                            {"output": "rows", "input": "m"},
                            {"output": "rows", "input": "n"},
                        ],
                    }
                ]
            },
            {"dependencies": [{"task": "a", "mappings": [{"output": "bytes", "input": "n"}]}]},
            [
                ("dependencies.a.mappings.m", {"output": "rows", "input": "m"}, None),
                ("dependencies.a.mappings.n.output", "rows", "bytes"),
            ],
            id="mappings",
        ),
        pytest.param(
            {"contentionProfiles": ["one", "two"]},
            {"contentionProfiles": ["two", "three"]},
            [
                ("contentionProfiles.one", "one", None),
                ("contentionProfiles.three", None, "three"),
            ],
            id="names",
        ),
        pytest.param(
            {"parameters": {"dates": ["a", "a"]}},
            {"parameters": {"dates": ["a", "b"]}},
            [("parameters.dates[1]", "a", "b")],
            id="entries without unique keys are compared by position",
        ),
    ],
)
def test_lists_of_tasks(before: dict[str, Any], after: dict[str, Any], expected: Expected) -> None:
    assert changed(Kind.TASK, {"job": "j", **before}, {"job": "j", **after}) == expected


def test_dates_and_ranges_of_a_calendar() -> None:
    before = {
        "dates": ["2026-01-01", "2026-12-25"],
        "ranges": [{"from": "2026-04-03", "to": "2026-04-06"}],
    }
    after = {"dates": ["2026-12-25"], "ranges": [{"from": "2026-04-03", "to": "2026-04-07"}]}
    assert changed(Kind.CALENDAR, before, after) == [
        ("dates.2026-01-01", "2026-01-01", None),
        ("ranges.2026-04-03.to", "2026-04-06", "2026-04-07"),
    ]
