"""`polysync runs`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke, build_run
from tests.unit.cli.fake_api import Answer, FakeApi, Lost

JOB_RUN = build_run(task=None)


def test_the_filters_are_sent_and_the_runs_are_listed(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": [build_run()], "continuationToken": None}))

    result = polysync("runs", "--task", "t", "--status", "Failed", "--graph", "g")

    asked = {"task": "t", "status": "Failed", "graphRunId": "g", "limit": "20"}
    assert api.requests[0].query == asked
    row = next(line for line in result.stdout.splitlines() if line.startswith("r-1"))
    assert "1 m 05 s" in row
    assert "2026-01-01 06:00:00Z" in row


def test_all_pages_are_read(api: FakeApi, polysync: Invoke):
    page = [build_run(runId=f"r-{number}") for number in range(100)]
    api.on(
        "GET",
        "/task-runs",
        Answer({"items": page, "continuationToken": "next"}),
        Answer({"items": page[:5], "continuationToken": None}),
    )

    result = polysync("runs", "--all", "--json")

    assert len(json.loads(result.stdout)["items"]) == 105
    tokens = [request.query.get("continuationToken") for request in api.requests]
    assert tokens == [None, "next"]


def test_the_limit_is_kept_and_a_note_says_that_there_are_more(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": [build_run()] * 2, "continuationToken": "n"}))

    result = polysync("runs", "--limit", "2")

    assert [request.query["limit"] for request in api.requests] == ["2"]
    assert "There are more" in result.stderr


def test_the_runs_of_a_job_are_listed(api: FakeApi, polysync: Invoke):
    page = {"runs": [JOB_RUN], "continuationToken": None}
    api.on("GET", "/jobs/j/runs", Answer(page))

    rows = [line.split() for line in polysync("runs", "--job", "j").stdout.splitlines()]

    assert rows[0][:2] == ["Run", "Job"]
    assert rows[2][:3] == ["r-1", "sales-load", "Succeeded"]
    assert json.loads(polysync("runs", "--job", "j", "--json").stdout) == page


def test_a_job_is_a_filter_beside_others(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": [build_run()], "continuationToken": None}))

    assert polysync("runs", "--job", "j", "--status", "failed").exit_code == 0

    assert api.requests[0].query == {"job": "j", "status": "Failed", "limit": "20"}


def test_a_run_that_does_not_go_on_has_its_reason(api: FakeApi, polysync: Invoke):
    problem = {"text": "cannot reach the platform: no answer"}
    failed = build_run("Failed", runId="r-2", reason="x" * 300)
    items = [build_run("Running", problem=problem), failed, build_run(runId="r-3", reason="Fine.")]
    api.on("GET", "/task-runs", Answer({"items": items, "continuationToken": None}))

    output = polysync("runs").stdout

    text = "".join(output.split())
    assert "Reason" in output
    assert "cannotreachtheplatform:noanswer" in text
    assert "x" * 239 + "…" in text
    assert "Fine." not in output


def test_every_filter_is_sent_under_the_name_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": [build_run()], "continuationToken": None}))
    filters = {
        "task": "load",
        "job": "j",
        "platform": "lakehouse",
        "trigger": "Backfill",
        "cause": "Timeout",
        "tag": "team=sales",
        "since": "24h",
        "until": "1h",
    }
    options = [part for name, value in filters.items() for part in (f"--{name}", value)]

    assert polysync("runs", *options, "--backfill", "b1").exit_code == 0

    assert api.requests[0].query == {**filters, "backfillId": "b1", "limit": "20"}


def test_an_unknown_status_names_the_known_ones(api: FakeApi, polysync: Invoke):
    result = polysync("runs", "--status", "Done")
    assert (result.exit_code, api.requests) == (2, [])
    assert "'succeeded'" in result.stderr


def test_failures_take_the_filters_of_runs(api: FakeApi, polysync: Invoke):
    api.on("GET", "/failures", Answer({"groups": [], "examined": 0, "more": False}))

    polysync(
        "failures", "--job", "j", "--trigger", "schedule", "--graph-run", "g", "--backfill", "b"
    )

    expected = {"job": "j", "trigger": "Schedule", "graphRunId": "g", "backfillId": "b"}
    assert api.requests[0].query == {**expected, "since": "24h"}


def test_a_watch_prints_each_change_until_an_interrupt(
    api: FakeApi, polysync: Invoke, monkeypatch: pytest.MonkeyPatch
):
    states = [
        build_run("Queued", reason="Waiting."),
        build_run("Queued", reason="Waiting."),
        build_run(),
    ]
    pages = [Answer({"items": [each], "continuationToken": None}) for each in states]
    api.on("GET", "/task-runs", pages[0], pages[1], Lost(), pages[2])
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("polysync_core.cli.following.watch.time.sleep", sleep)

    result = polysync("runs", "--watch", "--task", "t")

    assert result.exit_code == 130
    assert [line.split()[3:5] for line in result.stdout.splitlines()] == [
        ["sales-load-daily", "Queued"],
        ["sales-load-daily", "Succeeded"],
    ]
    assert result.stderr == "no answer, trying again\n"
    assert api.requests[0].query == {"task": "t", "limit": "20"}
    assert polysync("runs", "--watch", "--json").exit_code == 2


def test_the_runs_of_a_backfill_have_their_scheduled_times(api: FakeApi, polysync: Invoke):
    run = build_run(backfillId="b1", scheduledTime="2026-01-03T06:00:00Z")
    api.on("GET", "/task-runs", Answer({"items": [run], "continuationToken": None}))

    listed = polysync("runs").stdout

    assert "Scheduled" in listed
    assert "2026-01-03 06:00:00Z" in listed


def test_a_task_is_named_once(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": [build_run()], "continuationToken": None}))

    assert polysync("runs", "daily").exit_code == 0
    assert api.requests[-1].query["task"] == "daily"
    assert polysync("runs", "daily", "--task", "daily").exit_code == 2
