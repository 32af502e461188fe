"""`polysync describe`."""

from __future__ import annotations

import json

from tests.fakes.command_line import AppCommands


def test_a_task_is_described_with_schedules_runs_and_definition(polysync: AppCommands) -> None:
    polysync("run", "sales-load-daily")

    result = polysync("describe", "task", "sales-load-daily")

    assert result.exit_code == 0, result.output
    for each in ("Used by", "nothing", "Newest runs", "Manual", "Definition", "cron: 0 6 * * *"):
        assert each in result.stdout, result.stdout


def test_the_definitions_that_refer_to_it_are_named(polysync: AppCommands) -> None:
    described = polysync("describe", "job", "sales-load")
    assert "tasks/sales-load-daily" in described.stdout
    answer = json.loads(polysync("describe", "job", "sales-load", "--json").stdout)
    assert answer["usedBy"] == ["tasks/sales-load-daily"]


def test_schedules_of_a_task_are_described(polysync: AppCommands) -> None:
    assert "0 6 * * *" in polysync("describe", "schedules", "sales-load-daily").stdout


def test_an_unknown_object_is_an_error(polysync: AppCommands) -> None:
    assert polysync("describe", "job", "nope").exit_code == 1
