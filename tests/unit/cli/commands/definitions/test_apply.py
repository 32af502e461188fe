"""`polysync apply`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, problem

PLAN = {
    "dryRun": False,
    "create": [{"kind": "job", "name": "sales-load"}],
    "update": [
        {
            "kind": "task",
            "name": "sales-load-daily",
            "differences": [
                {"path": "parameters.row_limit", "before": {"name": "row_limit"}, "after": None},
                {
                    "path": "parameters.max_rows",
                    "before": None,
                    "after": {"name": "max_rows", "type": "Integer"},
                },
                {"path": "retry.maxRetryAttempts", "before": 1, "after": 2},
                {"path": "contentionProfiles.cap", "before": None, "after": "cap"},
            ],
        }
    ],
    "unchanged": [{"kind": "vault", "name": "local"}],
    "delete": [],
}


def test_the_plan_has_signs_and_only_counts_what_does_not_change(
    api: FakeApi, polysync: Invoke, tmp_path: Path
):
    api.on("PUT", "/definitions", Answer(PLAN))
    file = tmp_path / "a.yaml"
    file.write_text("jobs: [{name: sales-load}]")

    result = polysync("apply", "-f", str(file))

    assert result.stdout.splitlines() == [
        "+ job sales-load",
        "~ task sales-load-daily",
        "    - parameters.row_limit",
        '    + parameters.max_rows: {"type": "Integer"}',
        "    ~ retry.maxRetryAttempts: 1 -> 2",
        "    + contentionProfiles.cap",
        "Applied: 1 create, 1 update, 1 unchanged.",
    ]
    assert (result.exit_code, api.requests[0].query) == (0, {})
    assert "  vault local" in polysync("apply", str(file), "--verbose").stdout


def test_files_are_arguments_or_options(api: FakeApi, polysync: Invoke, tmp_path: Path):
    api.on("PUT", "/definitions", Answer(PLAN))
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(f"jobs: [{{name: {name}}}]")

    polysync("apply", str(tmp_path / "a.yaml"), "-f", str(tmp_path / "b.yaml"))

    assert api.requests[0].body == {"jobs": [{"name": "a"}, {"name": "b"}]}
    without = polysync("apply")
    assert (without.exit_code, len(api.requests)) == (2, 1)
    assert "FILE" in without.stderr


def test_files_and_standard_input_are_joined(api: FakeApi, polysync: Invoke, tmp_path: Path):
    api.on("PUT", "/definitions", Answer(PLAN))
    (tmp_path / "a.json").write_text('{"jobs": [{"name": "a"}], "tasks": []}')

    polysync("apply", "-f", str(tmp_path / "a.json"), "-f", "-", input="jobs: [{name: b}]")

    assert api.requests[0].body == {"jobs": [{"name": "a"}, {"name": "b"}], "tasks": []}


def test_dry_run_and_prune_are_sent_to_the_api(api: FakeApi, polysync: Invoke):
    api.on("PUT", "/definitions", Answer(PLAN))

    result = polysync("apply", "-f", "-", "--dry-run", "--prune", input="jobs: []")

    assert api.requests[0].query == {"dryRun": "true", "prune": "true"}
    assert "Planned: 1 create" in result.stdout


def test_with_json_the_output_is_the_plan_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("PUT", "/definitions", Answer(PLAN))

    result = polysync("apply", "-f", "-", "--json", input="jobs: []")

    assert json.loads(result.stdout) == PLAN
    assert result.stderr == ""


def test_every_error_names_its_file_and_its_path_in_that_file(
    api: FakeApi, polysync: Invoke, tmp_path: Path
):
    errors = ("jobs[1].name", "must not be empty"), ("colour", "is not known")
    api.on("PUT", "/definitions", problem(422, "It breaks a rule", "Two.", *errors))
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("jobs: [{name: x}]")

    result = polysync("apply", *(f"-f{tmp_path / name}" for name in ("a.yaml", "b.yaml")))

    assert result.stderr.splitlines() == [
        "Error: It breaks a rule: Two.",
        f"  {tmp_path / 'b.yaml'}:1:9: job x: name: must not be empty",
        "  colour: is not known",
    ]
    assert result.exit_code == 1


def test_a_malformed_file_is_named_and_no_request_is_sent(api: FakeApi, polysync: Invoke):
    result = polysync("apply", "-f", "-", input="jobs: [")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: -:")
    assert api.requests == []


def test_a_warning_names_its_file_on_standard_error(api: FakeApi, polysync: Invoke, tmp_path: Path):
    warning = {"path": "tasks[0].parameters.day", "message": "set timeZone of the task"}
    api.on("PUT", "/definitions", Answer(PLAN | {"warnings": [warning]}))
    file = tmp_path / "tasks.yaml"
    file.write_text("tasks: [{name: t}]")

    result = polysync("apply", "-f", str(file), "--dry-run")

    assert f"Warning: {file}:1:9: task t: parameters.day: set timeZone of the task" in result.stderr
    assert result.exit_code == 0


def test_an_error_of_yaml_shows_the_line_with_a_caret(polysync: Invoke):
    tab = polysync("apply", "-", input="jobs:\n\t- name: x\n").stderr
    indent = polysync("apply", "-", input="jobs:\n  - name: x\n    job: y: z\n").stderr

    assert "a tab is not allowed as indentation: use blanks" in tab
    assert tab.splitlines()[1:] == ["  →- name: x", "  ^"]
    assert "needs quotes" in indent
    assert indent.splitlines()[1:] == ["      job: y: z", "            ^"]
