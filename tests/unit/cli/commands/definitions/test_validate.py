"""Tests of `polysync validate`, which asks no host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import FakeApi

ROOT = Path(__file__).parents[5]
LAKEHOUSE = ROOT / "examples" / "lakehouse" / "definitions.yaml"
WRONG = """\
vaults: [{name: local, provider: Environment}]
tasks:
  - name: first
    job: sales-lod
    priority: high
    schedules:
      - {name: d, cron: "0 25 * * *"}
  - jbo: x
colour: 3
"""


def test_a_valid_folder_has_the_exit_code_0_and_no_request(api: FakeApi, polysync: Invoke) -> None:
    result = polysync("validate", "-f", str(LAKEHOUSE.parent))

    assert (result.exit_code, result.stderr) == (0, "")
    assert re.fullmatch(r"Valid: \d+ definitions in \d files\.\n", result.stdout)
    assert api.requests == []


def test_all_errors_of_all_files_come_in_one_pass(polysync: Invoke, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(WRONG)
    (tmp_path / "b.yaml").write_text(
        "jobs: [{name: j, platform: nowhere, jobType: X, externalId: e}]"
    )
    (tmp_path / "c.yaml").write_text("- x")

    result = polysync("validate", str(tmp_path))

    assert (result.exit_code, result.stdout) == (1, "")
    said = [line.removeprefix(f"{tmp_path}/") for line in result.stderr.splitlines()]
    starts = [
        "c.yaml: a document must be an object",
        "a.yaml:5:5: task first: priority: must be a whole number",
        "a.yaml:7:19: task first: schedules[0].cron: is not a cron expression: the hour '25'",
        "a.yaml:8:5: tasks[1]: name: is missing",
        "a.yaml:8:5: tasks[1]: jbo: is not a known field; did you mean 'job'?",
        "a.yaml:9:1: colour: is not a known list",
        "Invalid: ",
    ]
    for start in starts:
        assert any(line.startswith(start) for line in said), (start, said)


def test_references_are_checked_among_all_files(polysync: Invoke, tmp_path: Path) -> None:
    document = yaml.safe_load(LAKEHOUSE.read_text())
    for kind, entries in document.items():
        (tmp_path / f"{kind}.yaml").write_text(yaml.safe_dump({kind: entries}))
    tasks = str(tmp_path / "tasks.yaml")

    assert polysync("validate", str(tmp_path)).exit_code == 0
    alone = polysync("validate", tasks)
    assert alone.exit_code == 1
    assert "there is no job" in alone.stderr
    assert polysync("validate", tasks, "--partial").exit_code == 0


def test_a_partial_check_still_finds_wrong_fields(polysync: Invoke) -> None:
    text = "tasks: [{name: t, job: elsewhere, priority: high, weight: 0}]"
    result = polysync("validate", "-", "--partial", input=text)
    assert result.exit_code == 1
    assert "-:1:35: task t: priority: must be a whole number" in result.stderr
    assert "Invalid: 2 errors." in result.stderr


def test_production_refuses_what_only_development_accepts(polysync: Invoke) -> None:
    result = polysync("validate", str(LAKEHOUSE), "--production")
    assert result.exit_code == 1
    assert "vault local: provider: Environment is for development only" in result.stderr
    assert "only https addresses are allowed" in result.stderr


def test_json_has_every_finding_with_its_place(polysync: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("tasks: [{name: first, job: j}]")

    result = polysync("validate", str(file), "--json")

    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["valid"], answer["omittedErrors"]) == (1, False, 0)
    assert answer["errors"] == [
        {
            "file": str(file),
            "line": 1,
            "column": 23,
            "object": "task first",
            "path": "tasks[0].job",
            "message": "there is no job 'j': define it, or correct the name",
        }
    ]


WARNED = """
vaults: [{name: local, provider: Environment}]
platforms:
  - name: p
    type: AzureDatabricks
    auth: {method: PersonalAccessToken, personalAccessToken: "vault://local/T"}
    attributes: {workspaceUrl: "https://adb-1.1.azuredatabricks.net", computeType: Serverless}
jobs: [{name: j, platform: p, jobType: DatabricksNotebook, externalId: /n, parameters: [{name: d}]}]
tasks:
  - name: t
    job: j
    parameters: {d: "${run.scheduledTime:%Y-%m-%d}"}
    schedules:
      - {name: a, cron: "0 6 * * *", timeZone: Europe/Berlin}
      - {name: b, cron: "0 7 * * *", timeZone: Asia/Tokyo}
"""


def test_a_warning_fails_only_a_strict_check(polysync: Invoke) -> None:
    usual = polysync("validate", "-", input=WARNED)
    strict = polysync("validate", "-", "--strict", input=WARNED)

    assert (usual.exit_code, strict.exit_code) == (0, 1)
    assert usual.stderr.startswith("Warning: -:12:")
    assert "task t: parameters.d: " in usual.stderr


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("nowhere.yaml",), 1)])
def test_without_a_readable_file_nothing_is_checked(
    polysync: Invoke, arguments: tuple[str, ...], code: int
) -> None:
    result = polysync("validate", *arguments)
    assert result.exit_code == code
    assert result.stdout == ""


def test_the_hook_of_the_repository_runs_a_command_that_exists(
    polysync: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "a.yaml").write_text(LAKEHOUSE.read_text())
    monkeypatch.chdir(tmp_path)

    program, *words = [*hook["entry"].split(), *hook["args"]]

    assert program == "polysync"
    assert hook["pass_filenames"] is False
    assert polysync(*words).exit_code == 0
