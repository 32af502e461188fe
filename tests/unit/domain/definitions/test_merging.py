"""Tests of the three-way merge of two changed versions of a definition."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.changes.merging import Merge, Side, merge

BASE: dict[str, Any] = {
    "name": "daily",
    "job": "load",
    "priority": 500,
    "parameters": {"day": "today", "rows": 10},
    "schedules": [
        {"name": "night", "cron": "0 2 * * *", "calendars": ["close"]},
        {"name": "noon", "cron": "0 12 * * *"},
    ],
    "dependencies": [{"task": "a"}, {"task": "b", "condition": "OnFailure"}],
    "retry": {"enabled": True, "maxRetryAttempts": 2},
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Return the base with changes at paths such as `schedules.0.cron`; None removes."""
    document = copy.deepcopy(BASE)
    for path, value in changes:
        *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        target: Any = document
        for part in parts:
            target = target[part]
        if value is None:
            del target[last]
        elif isinstance(target, list) and last == len(target):
            target.append(value)
        else:
            target[last] = value
    return document


def merged(
    theirs: dict[str, Any], mine: dict[str, Any], choices: dict[str, Side] | None = None
) -> Merge:
    return merge(BASE, theirs, mine, choices)


class TestWithoutConflict:
    @pytest.mark.parametrize(
        ("theirs", "mine"),
        [
            pytest.param(("priority", 900), ("retry.enabled", False), id="different fields"),
            pytest.param(("parameters.day", "now"), ("parameters.rows", 5), id="two parameters"),
            pytest.param(
                ("schedules.0.cron", "0 3 * * *"), ("schedules.0.timeZone", "UTC"), id="one entry"
            ),
            pytest.param(
                ("schedules.0.cron", "0 3 * * *"), ("schedules.1.cron", "5 12 * * *"), id="entries"
            ),
            pytest.param(
                ("schedules.0.calendars", ["close", "holidays"]),
                ("schedules.1.enabled", False),
                id="names in an entry",
            ),
            pytest.param(
                ("dependencies.0.condition", "OnCompletion"),
                ("dependencies.2", {"task": "c"}),
                id="a new entry",
            ),
            pytest.param(("priority", None), ("displayName", "Daily"), id="back to the default"),
        ],
    )
    def test_changes_of_different_fields_are_both_kept(
        self, theirs: tuple[str, Any], mine: tuple[str, Any]
    ):
        result = merged(changed(theirs), changed(mine))

        assert result.document == changed(theirs, mine)
        assert result.conflicts == ()

    def test_the_same_change_is_no_conflict(self):
        change = ("priority", 900)

        assert merged(changed(change), changed(change)).conflicts == ()

    def test_an_entry_that_one_removes_is_gone(self):
        result = merged(changed(("schedules.0", None)), changed(("schedules.1.enabled", False)))

        assert result.document["schedules"] == [
            {"name": "noon", "cron": "0 12 * * *", "enabled": False}
        ]

    def test_both_may_add_names_to_one_list(self):
        theirs = changed(("schedules.0.calendars", ["close", "a"]))
        mine = changed(("schedules.0.calendars", ["b", "close"]))

        assert merged(theirs, mine).document["schedules"][0]["calendars"] == ["close", "a", "b"]

    def test_both_may_add_the_first_entries_of_a_list(self):
        theirs = {**changed(), "contentionProfiles": ["a"]}
        mine = {**changed(), "contentionProfiles": ["b"]}

        assert merged(theirs, mine).document["contentionProfiles"] == ["a", "b"]

    def test_my_order_of_entries_is_kept(self):
        mine = changed()
        mine["schedules"].reverse()

        result = merged(changed(("schedules.2", {"name": "new", "cron": "@daily"})), mine)

        names = [each["name"] for each in result.document["schedules"]]
        assert names == ["noon", "night", "new"]

    def test_the_changes_of_both_are_named_by_field(self):
        result = merged(changed(("priority", 900)), changed(("schedules.0.cron", "0 3 * * *")))

        assert [(each.path, each.before, each.after) for each in result.theirs] == [
            ("priority", 500, 900)
        ]
        assert [each.path for each in result.mine] == ["schedules.night.cron"]


class TestConflict:
    @pytest.mark.parametrize(
        ("theirs", "mine", "path"),
        [
            pytest.param(("priority", 900), ("priority", 100), "priority", id="one field"),
            pytest.param(("priority", 1), ("priority", True), "priority", id="1 is not true"),
            pytest.param(("priority", None), ("priority", 7), "priority", id="removed by them"),
            pytest.param(
                ("schedules.0.cron", "0 3 * * *"),
                ("schedules.0.cron", "0 4 * * *"),
                "schedules.night.cron",
                id="a field of an entry",
            ),
            pytest.param(
                ("schedules.0", None),
                ("schedules.0.cron", "0 4 * * *"),
                "schedules.night",
                id="an entry that they remove and I change",
            ),
        ],
    )
    @pytest.mark.parametrize("side", [Side.MINE, Side.THEIRS, None])
    def test_a_field_that_both_changed_takes_the_chosen_side(
        self, theirs: tuple[str, Any], mine: tuple[str, Any], path: str, side: Side | None
    ):
        result = merged(changed(theirs), changed(mine), {path: side} if side else None)

        assert [each.path for each in result.conflicts] == [path]
        assert result.document == changed(theirs if side is Side.THEIRS else mine)

    def test_a_conflict_shows_all_three_values(self):
        (conflict,) = merged(changed(("priority", 900)), changed(("priority", None))).conflicts

        assert (conflict.base, conflict.theirs, conflict.mine) == (500, 900, None)

    def test_a_list_without_keys_conflicts_as_a_whole(self):
        base, theirs, mine = ({"parameters": {"p": [[value]]}} for value in (1, 2, 3))

        assert [each.path for each in merge(base, theirs, mine).conflicts] == ["parameters.p"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=8,
)
_DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES)


class TestProperties:
    @given(_DOCUMENTS, _DOCUMENTS)
    def test_without_my_change_the_result_is_theirs(self, base: Any, theirs: Any):
        result = merge(base, theirs, base)

        assert (result.document, result.conflicts) == (theirs, ())

    @given(_DOCUMENTS, _DOCUMENTS)
    def test_without_their_change_the_result_is_mine(self, base: Any, mine: Any):
        result = merge(base, base, mine)

        assert (result.document, result.conflicts) == (mine, ())

    @given(_DOCUMENTS, _DOCUMENTS, _DOCUMENTS)
    def test_conflicts_are_the_same_from_both_sides(self, base: Any, theirs: Any, mine: Any):
        one, other = merge(base, theirs, mine), merge(base, mine, theirs)

        assert {each.path for each in one.conflicts} == {each.path for each in other.conflicts}
