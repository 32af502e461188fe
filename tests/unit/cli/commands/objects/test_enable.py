"""`polysync enable` and `polysync disable`."""

from __future__ import annotations

import json

import pytest

from tests.fakes.command_line import AppCommands


def state_of(polysync: AppCommands, kind: str, name: str) -> bool:
    found = json.loads(polysync("get", kind, name, "--json").stdout)["items"][0]["enabled"]
    assert isinstance(found, bool)
    return found


@pytest.mark.parametrize(
    ("words", "kind", "name"),
    [
        (["sales-load-daily"], "task", "sales-load-daily"),
        (["task", "sales-load-daily"], "task", "sales-load-daily"),
        (["profile", "cap"], "profile", "cap"),
    ],
)
def test_an_object_is_disabled_and_enabled(
    polysync: AppCommands, words: list[str], kind: str, name: str
) -> None:
    assert "is disabled." in polysync("disable", *words).stdout
    assert not state_of(polysync, kind, name)
    assert "is disabled already." in polysync("disable", *words).stdout
    assert "is enabled." in polysync("enable", *words).stdout
    assert state_of(polysync, kind, name)


def test_one_schedule_is_disabled(polysync: AppCommands) -> None:
    result = polysync("disable", "sales-load-daily", "--schedule", "daily")
    assert "Schedule daily of sales-load-daily is disabled." in result.stdout
    assert "disabled" in polysync("schedules", "sales-load-daily").stdout
    unknown = polysync("disable", "sales-load-daily", "--schedule", "dayly")
    assert unknown.exit_code == 2
    assert "there are:" in unknown.stderr


@pytest.mark.parametrize("words", [["job", "other"], ["schedule", "daily"], ["a", "b", "c"]])
def test_other_targets_are_refused(polysync: AppCommands, words: list[str]) -> None:
    assert polysync("enable", *words).exit_code == 2
