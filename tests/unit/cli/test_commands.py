"""Each command: what it asks of the API, what it prints where, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Invoke, build_run, event
from tests.unit.cli.fake_api import Answer, FakeApi, Lost, Silence, Stream, problem

PLAN = {
    "dryRun": False,
    "create": [{"kind": "job", "name": "sales-load"}],
    "update": [
        {
            "kind": "task",
            "name": "sales-load-daily",
            "differences": [{"path": "retry.maxRetryAttempts", "before": None, "after": 2}],
        }
    ],
    "unchanged": [{"kind": "vault", "name": "local"}],
    "delete": [],
}
ACCEPTED = Answer({"runId": "r-1", "graphRunId": "g-1", "statusUrl": "/x"}, status=202)


class TestApply:
    def test_shows_the_plan_as_a_table(self, api: FakeApi, polysync: Invoke, tmp_path: Path):
        api.on("PUT", "/definitions", Answer(PLAN))
        file = tmp_path / "a.yaml"
        file.write_text("jobs: [{name: sales-load}]")

        result = polysync("apply", "-f", str(file))

        rows = [line.split() for line in result.stdout.splitlines()]
        assert ["create", "job", "sales-load"] in rows
        assert "retry.maxRetryAttempts: absent -> 2" in result.stdout
        assert "Applied: 1 create, 1 update, 1 unchanged." in result.stdout
        assert result.exit_code == 0
        assert api.requests[0].query == {}

    def test_joins_files_and_standard_input(self, api: FakeApi, polysync: Invoke, tmp_path: Path):
        api.on("PUT", "/definitions", Answer(PLAN))
        (tmp_path / "a.json").write_text('{"jobs": [{"name": "a"}], "tasks": []}')

        polysync("apply", "-f", str(tmp_path / "a.json"), "-f", "-", input="jobs: [{name: b}]")

        assert api.requests[0].body == {"jobs": [{"name": "a"}, {"name": "b"}], "tasks": []}

    def test_passes_dry_run_and_prune_on(self, api: FakeApi, polysync: Invoke):
        api.on("PUT", "/definitions", Answer(PLAN))

        result = polysync("apply", "-f", "-", "--dry-run", "--prune", input="jobs: []")

        assert api.requests[0].query == {"dryRun": "true", "prune": "true"}
        assert "Planned: 1 create" in result.stdout

    def test_prints_the_plan_of_the_api_as_json(self, api: FakeApi, polysync: Invoke):
        api.on("PUT", "/definitions", Answer(PLAN))

        result = polysync("apply", "-f", "-", "--json", input="jobs: []")

        assert json.loads(result.stdout) == PLAN
        assert result.stderr == ""

    def test_shows_every_error_at_its_place_in_its_file(
        self, api: FakeApi, polysync: Invoke, tmp_path: Path
    ):
        complaints = ("jobs[1].name", "must not be empty"), ("colour", "is not known")
        api.on("PUT", "/definitions", problem(422, "It breaks a rule", "Two.", *complaints))
        for name in ("a.yaml", "b.yaml"):
            (tmp_path / name).write_text("jobs: [{name: x}]")

        result = polysync("apply", *(f"-f{tmp_path / name}" for name in ("a.yaml", "b.yaml")))

        assert result.stderr.splitlines() == [
            "Error: It breaks a rule: Two.",
            f"  {tmp_path / 'b.yaml'}: jobs[0].name: must not be empty",
            "  colour: is not known",
        ]
        assert result.exit_code == 1

    def test_a_broken_file_is_named_and_nothing_is_sent(self, api: FakeApi, polysync: Invoke):
        result = polysync("apply", "-f", "-", input="jobs: [")

        assert result.exit_code == 1
        assert result.stderr.startswith("Error: -:")
        assert api.requests == []


class TestExport:
    CONTENT = {"jobs": [{"name": "é", "parameters": ["2026-01-01", "no", "1:30", "1e3", "~"]}]}

    def test_writes_yaml_that_reads_back_the_same(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/definitions", Answer(self.CONTENT))

        result = polysync("export")

        assert yaml.safe_load(result.stdout) == self.CONTENT

    def test_what_it_writes_is_what_apply_sends(
        self, api: FakeApi, polysync: Invoke, tmp_path: Path
    ):
        api.on("GET", "/definitions", Answer(self.CONTENT))
        api.on("PUT", "/definitions", Answer(PLAN))

        result = polysync("export", "-o", str(tmp_path / "all.yaml"))
        polysync("apply", "-f", str(tmp_path / "all.yaml"))

        assert result.stdout == ""
        assert api.asked("PUT", "/definitions")[0].body == self.CONTENT
        assert [path.name for path in tmp_path.iterdir()] == ["all.yaml"]

    def test_says_when_the_file_cannot_be_written(
        self, api: FakeApi, polysync: Invoke, tmp_path: Path
    ):
        api.on("GET", "/definitions", Answer(self.CONTENT))

        result = polysync("export", "-o", str(tmp_path / "missing" / "all.yaml"))

        assert result.exit_code == 1
        assert "No such file or directory" in result.stderr


class TestRun:
    def test_sends_values_priority_and_key(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/tasks/t/run", ACCEPTED)

        result = polysync(
            *("run", "t", "-p", "day=2026-01-01", "-p", 'cfg:={"n": 1}'),
            *("--priority", "7", "--idempotency-key", "k"),
        )

        request = api.requests[0]
        assert request.body == {"parameters": {"day": "2026-01-01", "cfg": {"n": 1}}, "priority": 7}
        assert request.headers["idempotency-key"] == "k"
        assert result.stdout == "Run r-1 of t is accepted.\n"

    @pytest.mark.parametrize(
        ("told", "is_taken"),
        [
            pytest.param(f"00-{'a' * 32}-{'b' * 16}-01", True, id="of a pipeline"),
            pytest.param("x\r\ny: z", False, id="that is none"),
            pytest.param("", False, id="that is empty"),
        ],
    )
    def test_a_command_is_in_the_trace_of_its_environment_or_in_its_own(
        self,
        api: FakeApi,
        polysync: Invoke,
        monkeypatch: pytest.MonkeyPatch,
        told: str,
        is_taken: bool,
    ):
        monkeypatch.setenv("TRACEPARENT", told)
        api.on("POST", "/tasks/t/run", ACCEPTED)

        polysync("run", "t")

        sent = api.requests[0].headers["traceparent"]
        assert (sent == told) is is_taken
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", sent)

    def test_a_bad_parameter_is_a_usage_error_and_nothing_is_sent(
        self, api: FakeApi, polysync: Invoke
    ):
        result = polysync("run", "t", "-p", "secret-value")

        assert result.exit_code == 2
        assert "name=value" in result.stderr
        assert "secret-value" not in result.stderr
        assert api.requests == []

    def test_a_lost_answer_says_how_to_find_the_run(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/tasks/t/run", Lost())

        result = polysync("run", "t")

        key = api.requests[0].headers["idempotency-key"]
        assert f"--idempotency-key {key}" in result.stderr
        assert result.exit_code == 1

    def test_a_name_cannot_leave_its_route(self, api: FakeApi, polysync: Invoke):
        polysync("run", "../jobs/x?y=1")

        assert api.requests[0].path == "/tasks/../jobs/x?y=1/run"
        assert polysync("run", "..").exit_code == 1
        assert len(api.requests) == 1


class TestExec:
    JOB_RUN = build_run(task=None)

    def test_sends_values_and_key(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/jobs/j/run", Answer({"runId": "r-1", "statusUrl": "/x"}))

        result = polysync("exec", "j", "-p", "day=2026-01-01", "-p", "n:=3")

        request = api.requests[0]
        assert request.body == {"params": {"day": "2026-01-01", "n": 3}}
        assert request.headers["idempotency-key"]
        assert result.stdout == "Run r-1 of job j is accepted.\n"

    def test_prints_the_answer_of_the_api_as_json(self, api: FakeApi, polysync: Invoke):
        answer = {"runId": "r-1", "statusUrl": "/x"}
        api.on("POST", "/jobs/j/run", Answer(answer))

        assert json.loads(polysync("exec", "j", "--json").stdout) == answer

    @pytest.mark.parametrize(("status", "code"), [("Succeeded", 0), ("Failed", 1)])
    def test_follows_the_run_to_its_end(
        self, api: FakeApi, polysync: Invoke, status: str, code: int
    ):
        api.on("POST", "/jobs/j/run", Answer({"runId": "r-1"}))
        api.on("GET", "/task-runs/r-1/events", Stream([event(3, build_run(status, task=None))]))

        result = polysync("exec", "j", "--follow")

        assert result.exit_code == code
        assert "sales-load on lakehouse, without a task" in result.stdout
        assert "Task " not in result.stdout

    def test_a_run_that_is_databricks_own_is_not_followed_here(
        self, api: FakeApi, polysync: Invoke
    ):
        """It has no row, so nothing is known of it under `show`."""
        api.on("POST", "/jobs/etl/run", Answer({"runId": 4711}))

        result = polysync("exec", "etl", "--follow")

        assert (result.exit_code, len(api.requests)) == (1, 1)
        assert "Run 4711 of job etl is accepted" in result.stderr
        assert "/jobs/etl/runs/4711?stream=true" in result.stderr
        assert "polysync show" not in result.stderr

    def test_a_lost_answer_tells_how_to_ask_again(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/jobs/j/run", Lost())

        result = polysync("exec", "j", "--idempotency-key", "k")

        assert result.exit_code == 1
        assert "--idempotency-key k" in result.stderr

    def test_a_malformed_value_sends_nothing(self, api: FakeApi, polysync: Invoke):
        assert polysync("exec", "j", "-p", "day").exit_code == 2
        assert api.requests == []

    def test_the_runs_of_a_job_are_listed_by_it(self, api: FakeApi, polysync: Invoke):
        page = {"runs": [self.JOB_RUN], "continuationToken": None}
        api.on("GET", "/jobs/j/runs", Answer(page))

        rows = [line.split() for line in polysync("runs", "--job", "j").stdout.splitlines()]

        assert rows[0][:2] == ["Run", "Job"]
        assert rows[2][:3] == ["r-1", "sales-load", "Succeeded"]
        assert json.loads(polysync("runs", "--job", "j", "--json").stdout) == page

    def test_runs_that_are_databricks_own_are_given_as_json_alone(
        self, api: FakeApi, polysync: Invoke
    ):
        page = {"runs": [{"run_id": 4711, "status": {"state": "TERMINATED"}}]}
        api.on("GET", "/jobs/etl/runs", Answer(page))

        refused = polysync("runs", "--job", "etl")

        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "--json" in refused.stderr
        assert json.loads(polysync("runs", "--job", "etl", "--json").stdout)["runs"] == page["runs"]

    def test_the_runs_of_a_job_are_of_no_task(self, api: FakeApi, polysync: Invoke):
        result = polysync("runs", "--job", "j", "--task", "t")

        assert (result.exit_code, api.requests) == (2, [])
        assert "--task" in result.stderr


class TestRerun:
    def test_asks_with_a_key_and_names_the_new_run(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

        result = polysync("rerun", "r-0")

        assert api.requests[0].headers["idempotency-key"]
        assert api.requests[0].body is None
        assert result.stdout == "Run r-1 repeats r-0; it is accepted.\n"

    def test_prints_the_answer_for_programs(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

        result = polysync("rerun", "r-0", "--idempotency-key", "k", "--json")

        assert json.loads(result.stdout)["runId"] == "r-1"
        assert api.requests[0].headers["idempotency-key"] == "k"

    def test_runs_what_depends_on_it_if_asked_to(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)

        polysync("rerun", "r-0", "--downstream")

        assert api.requests[0].body == {"downstream": True}

    def test_follows_the_new_run_to_its_end(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-0/rerun", ACCEPTED)
        api.on("GET", "/task-runs/r-1/events", Stream([event(1, build_run("Failed"))]))

        result = polysync("rerun", "r-0", "--follow")

        assert result.exit_code == 1
        assert "ZeroDivisionError" in result.stdout

    def test_says_why_a_run_that_goes_on_is_not_repeated(self, api: FakeApi, polysync: Invoke):
        refusal = problem(409, "The present state does not allow it", "The run is Running.")
        api.on("POST", "/task-runs/r-0/rerun", refusal)

        result = polysync("rerun", "r-0")

        assert result.exit_code == 1
        assert "The run is Running." in result.stderr

    def test_a_lost_answer_says_how_to_find_the_run(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-0/rerun", Lost())

        result = polysync("rerun", "r-0")

        assert f"--idempotency-key {api.requests[0].headers['idempotency-key']}" in result.stderr


class TestRuns:
    def test_lists_runs_with_their_filters(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/task-runs", Answer({"items": [build_run()], "continuationToken": None}))

        result = polysync("runs", "--task", "t", "--status", "Failed", "--graph", "g")

        asked = {"task": "t", "status": "Failed", "graphRunId": "g", "limit": "20"}
        assert api.requests[0].query == asked
        row = next(line for line in result.stdout.splitlines() if line.startswith("r-1"))
        assert "1 m 05 s" in row
        assert "2026-01-01 06:00:00Z" in row

    def test_reads_page_after_page(self, api: FakeApi, polysync: Invoke):
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

    def test_reads_no_more_than_the_limit_and_says_that_there_are_more(
        self, api: FakeApi, polysync: Invoke
    ):
        api.on("GET", "/task-runs", Answer({"items": [build_run()] * 2, "continuationToken": "n"}))

        result = polysync("runs", "--limit", "2")

        assert [request.query["limit"] for request in api.requests] == ["2"]
        assert "There are more" in result.stderr


class TestShow:
    HISTORY = {
        "items": [
            {
                "at": "2026-01-01T06:00:01Z",
                "from": "Queued",
                "to": "Running",
                "reason": "Started.",
                "actor": "dispatcher",
                "attempt": 1,
            }
        ]
    }

    @pytest.fixture(autouse=True)
    def a_failed_run(self, api: FakeApi):
        api.on("GET", "/task-runs/r-1", Answer(build_run("Failed")))
        api.on("GET", "/task-runs/r-1/history", Answer(self.HISTORY))

    def test_shows_everything_and_takes_nothing_for_markup(self, polysync: Invoke):
        output = polysync("show", "r-1").stdout

        assert "Artefact" in output
        assert "http://127.0.0.1:8787/#job/1/run/4711" in output
        assert "ZeroDivisionError [red]division[/red]" in output
        assert "vault://local/TOKEN" in output
        assert "dispatcher" in output
        assert "Started." in output

    def test_shows_which_outputs_are_sensitive_and_which_are_not_kept(
        self, api: FakeApi, polysync: Invoke
    ):
        outputs = {"rows": 5, "token": {"redacted": True}}
        run = build_run(outputs=outputs, outputsNotKept={"table": "it has 70,002 bytes"})
        api.on("GET", "/task-runs/r-1", Answer(run))
        api.on("GET", "/task-runs/r-1/history", Answer({"items": []}))
        lines = polysync("show", "r-1").stdout.splitlines()
        section = lines[lines.index("Outputs") + 1 :]
        assert [line.split(maxsplit=1) for line in section[:3]] == [
            ["rows", "5"],
            ["token", "(sensitive)"],
            ["table", "not kept: it has 70,002 bytes"],
        ]

    def test_shows_when_the_next_attempt_is_due_and_what_a_run_repeats(
        self, api: FakeApi, polysync: Invoke
    ):
        waits = build_run("Queued", nextAttemptAt="2026-01-01T06:30:00.000Z", rerunOf="r-0")
        api.on("GET", "/task-runs/r-1", Answer(waits))

        lines = [line.split(maxsplit=2) for line in polysync("show", "r-1").stdout.splitlines()]

        assert ["Next", "attempt", "2026-01-01 06:30:00Z"] in lines
        assert ["Rerun", "of", "r-0"] in lines

    def test_gives_programs_the_run_with_its_history(self, polysync: Invoke):
        answer = json.loads(polysync("show", "r-1", "--json").stdout)

        assert answer == {**build_run("Failed"), "history": self.HISTORY["items"]}

    def test_does_not_let_an_error_text_steer_the_terminal(self, api: FakeApi, polysync: Invoke):
        run = build_run("Failed")
        run["attempts"][0]["error"] = "\x1b[31mred\x1b[0m \x1b]0;title\x07 bell\x07\r\n\x1b[2Jend"
        api.on("GET", "/task-runs/r-1", Answer(run))

        output = polysync("show", "r-1").stdout

        assert "Attempt 1: red  bell\nend\n" in output
        assert not {"\x1b", "\x07"} & set(output)

    def test_says_that_there_is_no_such_run(self, polysync: Invoke):
        result = polysync("show", "r-2")

        assert result.exit_code == 1
        assert result.stderr == "Error: There is nothing of that name: /task-runs/r-2.\n"


class TestCancel:
    def test_asks_for_the_end_of_the_run(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/task-runs/r-1/cancel", Answer(b"", status=202))

        result = polysync("cancel", "r-1")

        assert result.stdout == "The cancellation of run r-1 is requested.\n"

    @pytest.mark.parametrize(
        ("status", "exit_code", "said"),
        [
            ("Running", 0, "The cancellation of run r-1 is requested.\n"),
            ("Cancelled", 0, "Run r-1 has ended: Cancelled.\n"),
            ("Succeeded", 1, "Run r-1 has ended: Succeeded.\n"),
        ],
    )
    def test_succeeds_unless_the_run_has_ended_otherwise(
        self, api: FakeApi, polysync: Invoke, status: str, exit_code: int, said: str
    ):
        api.on("POST", "/task-runs/r-1/cancel", Answer(build_run(status), status=202))

        result = polysync("cancel", "r-1")

        assert (result.exit_code, result.stdout) == (exit_code, said)

    def test_shows_the_refusal_of_the_api(self, api: FakeApi, polysync: Invoke):
        over = problem(409, "The present state does not allow it", "The run has Succeeded.")
        api.on("POST", "/task-runs/r-1/cancel", over)

        result = polysync("cancel", "r-1", "--json")

        assert result.exit_code == 1
        assert json.loads(result.stdout)["status"] == 409
        assert "The run has Succeeded." in result.stderr


class TestTest:
    @pytest.mark.parametrize(
        ("kind", "ok", "exit_code", "word"),
        [
            pytest.param("vault", True, 0, "answers", id="a vault that answers ends with 0"),
            pytest.param("platform", False, 1, "FAILS", id="a platform that fails ends with 1"),
        ],
    )
    def test_ends_by_the_verdict(
        self, api: FakeApi, polysync: Invoke, kind: str, ok: bool, exit_code: int, word: str
    ):
        api.on("POST", f"/{kind}s/x/test", Answer({"ok": ok, "message": "m", "latencyMs": 12}))

        result = polysync("test", kind, "x")

        assert result.stdout == f"{kind} x {word} (12 ms): m\n"
        assert result.exit_code == exit_code

    def test_knows_two_kinds(self, polysync: Invoke):
        assert polysync("test", "job", "x").exit_code == 2


class TestImport:
    ITEM = {
        "result": "updated",
        "externalId": "/etl/load",
        "jobType": "DatabricksNotebook",
        "job": "load",
        "difference": {
            "added": ["region"],
            "removed": ["area"],
            "typeChanged": [{"name": "rows", "before": "String", "after": "Int"}],
            "defaultChanged": [],
        },
        "notes": ["a cell is not valid Python"],
        "tasks": [{"task": "daily", "problems": [{"path": "parameters.area", "message": "gone"}]}],
        "error": None,
    }
    FAILED = {"result": "failed", "externalId": "/etl/broken", "error": "It is too large."}

    def test_goes_on_until_nothing_is_left_and_tells_what_has_changed(
        self, api: FakeApi, polysync: Invoke
    ):
        first = {"created": [], "updated": [self.ITEM], "continuationToken": "next"}
        rest = {"unchanged": [{**self.ITEM, "result": "unchanged"}], "continuationToken": None}
        api.on("POST", "/platforms/lakehouse/import", Answer(first), Answer(rest))

        result = polysync("import", "lakehouse", "--search", "load")

        assert result.exit_code == 0
        assert "+region" in result.stdout
        assert "rows: String -> Int" in result.stdout
        assert "load: task daily no longer fits: parameters.area gone" in result.stdout
        assert "load: a cell is not valid Python" in result.stdout
        assert "Imported: 1 updated, 1 unchanged." in result.stdout
        asked = [request.body for request in api.requests]
        assert asked[0]["search"] == "load"
        assert "externalIds" not in asked[0]
        assert asked[1]["continuationToken"] == "next"

    def test_ends_with_1_if_an_artefact_failed(self, api: FakeApi, polysync: Invoke):
        report = {"failed": [self.FAILED], "continuationToken": None}
        api.on("POST", "/platforms/lakehouse/import", Answer(report))

        result = polysync("import", "lakehouse", "/etl/broken")

        assert result.exit_code == 1
        assert "It is too large." in result.stdout
        assert api.requests[0].body["externalIds"] == ["/etl/broken"]

    def test_asks_in_the_next_part_only_for_what_is_left(self, api: FakeApi, polysync: Invoke):
        parts = [
            Answer({"created": [{**self.ITEM, "externalId": "/a"}], "continuationToken": "2"}),
            Answer({"created": [{**self.ITEM, "externalId": "/b"}], "continuationToken": "3"}),
        ]
        api.on("POST", "/platforms/lakehouse/import", *parts)

        assert polysync("import", "lakehouse", "/a", "/b").exit_code == 0

        assert [request.body["externalIds"] for request in api.requests] == [["/a", "/b"], ["/b"]]

    def test_prints_all_parts_as_one_for_programs(self, api: FakeApi, polysync: Invoke):
        parts = [
            Answer({"updated": [self.ITEM], "continuationToken": "2"}),
            Answer({"updated": [self.ITEM], "continuationToken": None}),
        ]
        api.on("POST", "/platforms/lakehouse/import", *parts)

        result = polysync("import", "lakehouse", "--json")

        assert len(json.loads(result.stdout)["updated"]) == 2

    def test_lists_artefacts(self, api: FakeApi, polysync: Invoke):
        found = {
            "externalId": "/etl/load",
            "jobType": "DatabricksNotebook",
            "name": "load",
            "imported": True,
            "jobs": ["load"],
        }
        api.on("GET", "/platforms/x/artefacts", Answer({"items": [found]}), Answer({"items": []}))

        result = polysync("artefacts", "x", "--job-type", "DatabricksNotebook")

        assert ["/etl/load", "DatabricksNotebook", "load", "load"] in [
            line.split() for line in result.stdout.splitlines()
        ]
        assert api.requests[0].query["jobType"] == "DatabricksNotebook"
        assert "Nothing was found." in polysync("artefacts", "x").stderr

    def test_lists_what_the_platform_knows_of_a_jobs_runs(self, api: FakeApi, polysync: Invoke):
        run = {
            "externalRunId": "4711",
            "providerStatus": "Success",
            "providerState": "TERMINATED/SUCCESS",
            "startedAt": "2026-01-01T06:00:00.000Z",
            "finishedAt": None,
            "monitorUrl": "http://p/4711",
        }
        given_up = {"items": [], "continuationToken": None, "note": "The newest were looked at."}
        api.on(
            *("GET", "/jobs/load/platform-runs"),
            Answer({"items": [run], "continuationToken": "t", "note": None}),
            Answer(given_up),
        )

        result = polysync("platform-runs", "load", "--limit", "1")

        assert "4711 Success TERMINATED/SUCCESS" in " ".join(result.stdout.split())
        assert "There are more: --limit N, up to 100." in result.stderr
        assert api.requests[0].query == {"limit": "1"}
        assert "The newest were looked at." in polysync("platform-runs", "load").stderr
        assert json.loads(polysync("platform-runs", "load", "--json").stdout) == given_up

    def test_synchronises_one_job(self, api: FakeApi, polysync: Invoke):
        api.on("POST", "/jobs/load/sync-parameters", Answer(self.ITEM))

        assert "+region" in polysync("sync-parameters", "load").stdout


class TestFailures:
    def test_an_unreachable_server_is_one_clear_line(self, polysync: Invoke):
        result = polysync("runs", "--url", "http://127.0.0.1:9/api")

        assert result.exit_code == 1
        first, second = result.stderr.splitlines()
        assert first == "Error: Polysync does not answer at http://127.0.0.1:9/api."
        assert "`make run`" in second

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            pytest.param(
                Answer("<html>", status=502, content_type="text/html; charset=utf-8"),
                "/task-runs answered 502 with text/html instead of JSON",
                id="a proxy's error page is named as such",
            ),
            pytest.param(
                Answer("{not json", status=200), "instead of JSON", id="truncated JSON is no answer"
            ),
            pytest.param(Answer("[]"), "the answer is not a JSON object", id="a list is no answer"),
            pytest.param(
                Answer({"items": [{"queuedAt": "yesterday"}]}),
                "queuedAt of the run is not a time",
                id="a time that is none is not shown",
            ),
            pytest.param(
                Answer(b"", status=401, content_type=""),
                "set POLYSYNC_TOKEN",
                id="no token is told",
            ),
            pytest.param(
                Answer({"detail": "Not Found"}, status=404),
                "Error: Not Found.",
                id="an error of the web framework is shown",
            ),
            pytest.param(Lost(), "connection to Polysync", id="a broken connection is told"),
        ],
    )
    def test_an_answer_that_is_not_the_apis(
        self, api: FakeApi, polysync: Invoke, answer: Answer, expected: str
    ):
        api.on("GET", "/task-runs", answer)

        result = polysync("runs")

        assert result.exit_code == 1
        assert expected in result.stderr
        assert result.stdout == ""

    @pytest.mark.parametrize("url", ["not an address", "ftp://x/api", "http://", "http://[::1"])
    def test_an_address_that_is_none_is_refused(self, polysync: Invoke, url: str):
        result = polysync("runs", "--url", url)

        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {url} is not an address")

    def test_the_key_is_sent_and_never_shown(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/task-runs", Answer({"items": []}))

        sent = polysync("runs", env={"POLYSYNC_KEY": "k-1"})
        refused = polysync("runs", env={"POLYSYNC_KEY": "k-2\nx"})

        assert sent.exit_code == 0
        assert [request.headers["x-functions-key"] for request in api.requests] == ["k-1"]
        assert refused.exit_code == 1
        assert "k-2" not in refused.output

    def test_the_token_is_sent_and_never_shown(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/task-runs", Answer({"items": []}))

        sent = polysync("runs", env={"POLYSYNC_TOKEN": "t-1"})
        refused = polysync("runs", env={"POLYSYNC_TOKEN": "t-2\nx"})

        assert sent.exit_code == 0
        assert [request.headers["authorization"] for request in api.requests] == ["Bearer t-1"]
        assert refused.exit_code == 1
        assert "t-2" not in refused.output

    @pytest.mark.parametrize("name", ["POLYSYNC_KEY", "POLYSYNC_TOKEN"])
    def test_no_credential_is_sent_in_the_clear(self, polysync: Invoke, name: str):
        result = polysync("runs", "--url", "http://polysync.example/api", env={name: "s-1"})

        assert result.exit_code == 1
        assert f"{name} would be sent in the clear" in result.stderr
        assert "s-1" not in result.output

    def test_a_slow_answer_is_a_time_out(
        self, api: FakeApi, polysync: Invoke, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("polysync_core.cli.client.ANSWER_SECONDS", 0.05)
        api.on("GET", "/task-runs", Silence())

        result = polysync("runs")

        assert result.exit_code == 1
        assert "did not answer in time" in result.stderr


def test_nothing_heavy_and_nothing_else_of_the_product_is_imported_at_start():
    """A completion or `--help` must answer at once, on a machine that has only the client."""
    script = (
        "import sys, polysync_core.cli.main\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('rich', 'httpx', 'yaml', 'pydantic')"
        " or m.startswith('polysync_core.') and not m.startswith('polysync_core.cli')])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert answer.stdout.decode().strip() == "[]"


class TestExplain:
    ANSWER = {
        "runId": "r-9",
        "status": "Queued",
        "waitingFor": [
            {
                "kind": "Concurrency",
                "profile": "cap",
                "scope": "lakehouse",
                "used": 2,
                "limit": 2,
                "needs": 1,
                "heldBy": [{"runId": "r-1"}, {"runId": "r-2"}],
                "keptFor": None,
                "until": None,
                "sentence": "2 of 2 slots are taken.",
            },
            {"kind": "BackOff", "needs": 1, "heldBy": [], "until": "2026-01-01T06:00:00Z"},
        ],
        "position": 3,
        "nextPossibleTime": None,
        "sentences": ["2 of 2 slots are taken.", "2 waiting runs are before it."],
    }

    def test_shows_every_limit_and_the_sentences(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/task-runs/r-9/explain", Answer(self.ANSWER))

        result = polysync("explain", "r-9")

        lines = result.stdout.splitlines()
        assert lines[0] == "Run r-9 is Queued, number 3 of those that wait for the same."
        rows = [line.split() for line in lines]
        assert ["Concurrency", "cap", "2", "of", "2", "1", "r-1,", "r-2", "-"] in rows
        assert ["BackOff", "-", "-", "1", "-", "2026-01-01", "06:00:00Z"] in rows
        assert lines[-1] == "2 waiting runs are before it."
        assert result.exit_code == 0

    def test_prints_the_answer_as_json(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/task-runs/r-9/explain", Answer(self.ANSWER))
        assert json.loads(polysync("explain", "r-9", "--json").stdout) == self.ANSWER


class TestFireTimes:
    ANSWER = {
        "items": [
            {
                "schedule": "night",
                "scheduledTime": "2026-03-29T01:00:00.000Z",
                "localTime": "2026-03-29T03:00:00+02:00",
                "timeZone": "Europe/Berlin",
                "startsAt": "2026-03-29T01:01:02.000Z",
                "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
                "excluded": "holidays",
            },
            {
                "schedule": "noon",
                "scheduledTime": "2026-03-29T12:00:00.000Z",
                "localTime": "2026-03-29T12:00:00+00:00",
                "timeZone": "UTC",
                "startsAt": "2026-03-29T12:00:00.000Z",
                "remark": None,
                "excluded": None,
            },
        ],
        "notes": ["Schedule off is disabled and left out."],
        "continuationToken": None,
    }

    def test_shows_a_line_each_and_the_notes(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/tasks/daily/fire-times", Answer(self.ANSWER))

        result = polysync("fire-times", "daily", "--count", "2")

        lines = result.stdout.splitlines()
        assert lines[0].split() == ["Fires", "Local", "time", "Zone", "Schedule", "Remark"]
        assert lines[2].startswith(
            "2026-03-29 01:00:00Z   2026-03-29 03:00:00+02:00   Europe/Berlin"
        )
        assert lines[2].endswith(
            "excluded: holidays; 02:30 does not exist on 2026-03-29; runs at 03:00; "
            "starts 1 m 02 s later (jitter)"
        )
        assert lines[3].split()[-2:] == ["noon", "-"]
        assert lines[4] == "Schedule off is disabled and left out."
        assert api.requests[0].query == {"count": "2"}
        assert result.exit_code == 0

    def test_shows_the_notes_alone_where_nothing_fires(self, api: FakeApi, polysync: Invoke):
        answer = {"items": [], "notes": ["Task daily has no schedules."]}
        api.on("GET", "/tasks/daily/fire-times", Answer(answer))
        assert polysync("fire-times", "daily").stdout == "Task daily has no schedules.\n"

    def test_prints_the_answer_as_json(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/tasks/daily/fire-times", Answer(self.ANSWER))
        assert json.loads(polysync("fire-times", "daily", "--json").stdout) == self.ANSWER

    def test_refuses_a_count_that_the_api_would_refuse(self, api: FakeApi, polysync: Invoke):
        assert polysync("fire-times", "daily", "--count", "101").exit_code == 2
        assert api.requests == []


class TestExplainTask:
    ANSWER = {
        "task": "end",
        "edges": [
            {
                "upstream": "left",
                "condition": "OnSuccess",
                "held": 1,
                "tokens": [
                    {
                        "runId": "r-1",
                        "status": "Succeeded",
                        "met": True,
                        "finishedAt": "2026-01-01T06:00:00.000Z",
                    }
                ],
            },
            {"upstream": "right", "condition": "OnFailure", "held": 0, "tokens": []},
        ],
        "sentences": ["Graph run r-0 has brought task 'left'; it awaits task 'right'."],
    }

    def test_shows_what_a_task_holds_and_awaits(self, api: FakeApi, polysync: Invoke):
        api.on("GET", "/tasks/end/gate", Answer(self.ANSWER))

        result = polysync("explain", "--task", "end")

        rows = [line.split() for line in result.stdout.splitlines()]
        when = ["2026-01-01", "06:00:00Z"]
        assert ["left", "OnSuccess", "1", "r-1", "Succeeded", *when] in rows
        assert ["right", "OnFailure", "0", "-", "-", "-"] in rows
        assert result.stdout.splitlines()[-1] == self.ANSWER["sentences"][0]

    def test_needs_either_a_run_or_a_task(self, api: FakeApi, polysync: Invoke):
        for arguments in ([], ["r-1", "--task", "end"]):
            result = polysync("explain", *arguments)
            assert result.exit_code == 2
            assert "give either a run or --task" in result.stderr
        assert api.requests == []


class TestUsage:
    PATH = "/contention-profiles/cap/usage"
    ANSWER = {
        "name": "cap",
        "type": "Concurrency",
        "enabled": True,
        "counters": [
            {
                "platform": "lakehouse",
                "used": 4,
                "limit": 4,
                "holders": [{"runId": f"r-{number}"} for number in range(1, 5)],
                "queueLength": 120,
                "queue": [{"runId": "r-5"}],
                "nextStart": None,
            },
            {
                "platform": None,
                "used": 30,
                "limit": 30,
                "holders": [],
                "queueLength": 0,
                "queue": [],
                "nextStart": "2026-01-01T06:00:00Z",
            },
        ],
    }

    def test_shows_who_holds_and_who_waits(self, api: FakeApi, polysync: Invoke):
        api.on("GET", self.PATH, Answer(self.ANSWER))

        result = polysync("usage", "cap")

        rows = [line.split() for line in result.stdout.splitlines()]
        assert rows[0] == ["Contention", "profile", "cap", "(Concurrency):"]
        held = ["lakehouse", "4", "of", "4", "r-1,", "r-2,", "r-3,", "…", "120", "r-5", "-"]
        assert held in rows
        later = ["2026-01-01", "06:00:00Z"]
        assert ["all", "together", "30", "of", "30", "-", "0", "-", *later] in rows
        assert result.exit_code == 0

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            pytest.param({"enabled": False}, "is disabled: it limits nothing.", id="disabled"),
            pytest.param({"counters": []}, "nothing that it limits waits or runs.", id="idle"),
        ],
    )
    def test_says_that_nothing_is_limited(
        self, api: FakeApi, polysync: Invoke, changes: dict[str, object], sentence: str
    ):
        api.on("GET", self.PATH, Answer({**self.ANSWER, **changes}))
        assert polysync("usage", "cap").stdout.strip().endswith(sentence)

    def test_prints_the_answer_as_json(self, api: FakeApi, polysync: Invoke):
        api.on("GET", self.PATH, Answer(self.ANSWER))
        assert json.loads(polysync("usage", "cap", "--json").stdout) == self.ANSWER
