"""`polysync delete`."""

from __future__ import annotations

import json

from tests.fakes.command_line import AppCommands


def names(polysync: AppCommands, kind: str) -> list[str]:
    return polysync("get", kind, "-o", "name").stdout.split()


def test_a_delete_asks_first(polysync: AppCommands) -> None:
    refused = polysync("delete", "task", "other-daily", input="n\n")
    assert refused.exit_code == 1
    assert "Delete task other-daily?" in refused.stderr
    assert "other-daily" in names(polysync, "tasks")

    agreed = polysync("delete", "tasks", "other-daily", input="y\n")

    assert agreed.exit_code == 0
    assert "other-daily" not in names(polysync, "tasks")


def test_without_an_answer_nothing_is_deleted(polysync: AppCommands) -> None:
    result = polysync("delete", "task", "other-daily")
    assert result.exit_code == 1
    assert "--yes" in result.stderr
    assert "other-daily" in names(polysync, "tasks")


def test_an_object_in_use_names_what_refers_to_it(polysync: AppCommands) -> None:
    result = polysync("delete", "job", "sales-load", "--yes")
    assert result.exit_code == 1
    assert "tasks/sales-load-daily" in result.stderr


def test_no_object_is_deleted_if_one_of_them_is_in_use(polysync: AppCommands) -> None:
    result = polysync("delete", "job", "unknown", "other", "--yes")
    assert result.exit_code == 1
    assert "other" in names(polysync, "jobs")


def test_several_objects_are_deleted(polysync: AppCommands) -> None:
    result = polysync("delete", "t", "other-daily", "sales-load-daily", "--yes", "--json")
    assert json.loads(result.stdout) == {"deleted": ["other-daily", "sales-load-daily"]}
    assert names(polysync, "tasks") == []


def test_a_dry_run_only_shows_the_plan(polysync: AppCommands) -> None:
    assert polysync("delete", "task", "other-daily", "--dry-run").exit_code == 0
    assert "other-daily" in names(polysync, "tasks")


def test_a_schedule_is_deleted_in_its_task(polysync: AppCommands) -> None:
    assert polysync("delete", "schedule", "daily", "--yes").exit_code == 2
