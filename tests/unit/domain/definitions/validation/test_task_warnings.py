"""A plan warns about values whose time zone depends on the trigger."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.app import FakeApp

PLATFORM = {
    "name": "lakehouse",
    "type": "AzureDatabricks",
    "auth": {"method": "DefaultCredential"},
    "attributes": {
        "workspaceUrl": "https://adb-1.2.azuredatabricks.net",
        "computeType": "Serverless",
    },
}
JOB = {
    "name": "load",
    "platform": "lakehouse",
    "jobType": "DatabricksNotebook",
    "externalId": "/etl/load",
    "parameters": [{"name": "day", "default": "x"}, {"name": "mode", "default": "whole"}],
}
DAY = "${run.scheduledTime:%Y-%m-%d}"
TWO = [
    {"name": "a", "cron": "@daily", "timeZone": "Europe/Berlin"},
    {"name": "b", "cron": "@daily", "timeZone": "Australia/Sydney"},
]


def warnings_of(task: dict[str, Any], job: dict[str, Any] = JOB, *, dry_run: bool = True) -> Any:
    document = {"platforms": [PLATFORM], "jobs": [job], "tasks": [{"job": "load", **task}]}
    path = "/definitions?dryRun=true" if dry_run else "/definitions"
    answer = FakeApp().http.put(path, json=document)
    assert answer.status_code == 200, answer.text
    return answer.json()["warnings"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_schedules_with_different_zones_and_a_formatted_time_give_a_warning(dry_run: bool) -> None:
    task = {"name": "t", "schedules": TWO, "parameters": {"day": f"x {DAY}", "mode": "whole"}}
    (warning,) = warnings_of(task, dry_run=dry_run)
    assert warning["path"] == "tasks[0].parameters.day"
    assert "Australia/Sydney, Europe/Berlin" in warning["message"]
    assert "set timeZone" in warning["message"]


def test_the_dry_run_of_one_task_warns_alike() -> None:
    app = FakeApp()
    app.http.put("/definitions", json={"platforms": [PLATFORM], "jobs": [JOB]})
    task = {"job": "load", "schedules": TWO, "parameters": {"day": DAY}}
    (warning,) = app.http.put("/tasks/t?dryRun=true", json=task).json()["warnings"]
    assert warning["path"] == "parameters.day"
    app.http.put("/tasks/t", json=task)
    patched = app.http.patch("/tasks/t?dryRun=true", json={"timeZone": "UTC"}).json()
    assert patched["warnings"] == []


def test_a_default_of_the_job_counts_unless_the_task_replaces_it() -> None:
    job = JOB | {"parameters": [{"name": "day", "default": DAY}]}
    assert len(warnings_of({"name": "t", "schedules": TWO}, job)) == 1
    assert warnings_of({"name": "t", "schedules": TWO, "parameters": {"day": "x"}}, job) == []


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(
            {"schedules": TWO, "timeZone": "UTC", "parameters": {"day": DAY}}, id="a zone"
        ),
        pytest.param({"schedules": TWO[:1], "parameters": {"day": DAY}}, id="one schedule"),
        pytest.param({"schedules": TWO, "parameters": {"day": "${run.scheduledTime}"}}, id="plain"),
        pytest.param({"schedules": TWO, "parameters": {"day": "$${x:%Y}"}}, id="escaped"),
        pytest.param({"parameters": {"day": DAY}}, id="no schedule"),
    ],
)
def test_a_clear_time_zone_gives_no_warning(task: dict[str, Any]) -> None:
    assert warnings_of({"name": "t", **task}) == []


@pytest.mark.parametrize("zone", ["Europe/Berln", "CEST+1", "", "../etc", "x" * 65, 1, ["UTC"]])
def test_a_bad_zone_of_a_task_is_refused_with_its_path(zone: Any) -> None:
    document = {
        "platforms": [PLATFORM],
        "jobs": [JOB],
        "tasks": [{"name": "t", "job": "load", "timeZone": zone}],
    }
    answer = FakeApp().http.put("/definitions", json=document)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "tasks[0].timeZone"


@pytest.mark.parametrize(
    ("cron", "part"),
    [
        ("*/45 * * * *", "after minute 45 comes minute 0, 15 minutes later"),
        ("0 0 6 ? * 2-6", "Quartz"),
        ("0 0 13 * FRI", "a date need not match both"),
        ("0 0 31 * *", "There is no 31st in February"),
    ],
)
def test_an_unexpected_effect_of_an_expression_gives_a_warning(cron: str, part: str) -> None:
    task = {"name": "t", "schedules": [{"name": "s", "cron": cron}]}
    assert any(
        each["path"] == "tasks[0].schedules[0].cron" and part in each["message"]
        for each in warnings_of(task)
    )


def test_numbers_of_weekdays_alone_give_no_warning() -> None:
    assert warnings_of({"name": "t", "schedules": [{"name": "s", "cron": "0 6 * * 1-5"}]}) == []


@pytest.mark.parametrize(
    ("upstream", "own", "take", "is_warned"),
    [
        ("0 * * * *", "0 6 * * *", "Each", True),
        ("0 6 * * *", "0 * * * *", "Each", True),
        ("0 * * * *", "0 6 * * *", "Newest", False),
        ("0 5 * * *", "30 6 * * *", "Each", False),
        ("0 * * * *", None, "Each", False),
    ],
)
def test_a_dependency_between_different_cadences_gives_a_warning(
    upstream: str, own: str | None, take: str, is_warned: bool
) -> None:
    tasks = [
        {"name": "up", "job": "load", "schedules": [{"name": "s", "cron": upstream}]},
        {
            "name": "down",
            "job": "load",
            "schedules": [{"name": "s", "cron": own}] if own else [],
            "dependencies": [{"task": "up", "take": take}],
        },
    ]
    document = {"platforms": [PLATFORM], "jobs": [JOB], "tasks": tasks}
    answer = FakeApp().http.put("/definitions?dryRun=true", json=document)
    assert answer.status_code == 200, answer.text
    found = [each for each in answer.json()["warnings"] if "set take to Newest" in each["message"]]
    assert [each["path"] for each in found] == ["tasks[1].dependencies[0].take"] * is_warned


@pytest.mark.parametrize(("data_type", "warns"), [("String", True), ("Json", False)])
@pytest.mark.parametrize("cron", ["@hourly", "@daily"])
def test_an_input_that_loses_values_of_a_window_gives_a_warning(
    data_type: str, warns: bool, cron: str
) -> None:
    app = FakeApp()
    default: Any = [] if data_type == "Json" else "x"
    day = {"name": "day", "dataType": data_type, "default": default}
    job = {**JOB, "parameters": [day], "settings": {"outputsFromExitValue": True}}
    edge = {"task": "up", "take": "Window", "mappings": [{"output": "n", "input": "day"}]}
    schedule = {"name": "s", "cron": "@daily"}
    tasks = [
        {"name": "up", "job": "load", "schedules": [{**schedule, "cron": cron}]},
        {"name": "down", "job": "load", "schedules": [schedule], "dependencies": [edge]},
    ]
    document = {"platforms": [PLATFORM], "jobs": [job], "tasks": tasks}
    answer = app.http.put("/definitions?dryRun=true", json=document)
    found = [each["path"] for each in answer.json()["warnings"]]
    expected = ["tasks[1].dependencies[0].mappings[0].input"]
    assert found == (expected if warns and cron == "@hourly" else [])
