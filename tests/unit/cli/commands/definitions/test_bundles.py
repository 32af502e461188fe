"""`polysync plan` and `apply` with bundles: targets, variables, owners and saved plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.app import FakeApp
from tests.fakes.command_line import AppCommands

BUNDLE = """\
bundle: sales
variables:
  url: {default: "https://adb-1.2.azuredatabricks.net"}
  size: 2
targets:
  dev: {default: true}
  prod:
    variables: {size: 8}
    platforms:
      - {name: lake, attributes: {defaultNotebookPath: /prod}}
"""
PLATFORM = """\
vaults: [{name: local, provider: Environment}]
platforms:
  - name: lake
    type: AzureDatabricks
    auth: {method: PersonalAccessToken, personalAccessToken: "vault://local/TOKEN"}
    attributes: {workspaceUrl: "${var.url}", computeType: Serverless}
contentionProfiles:
  - name: cap
    type: Concurrency
    settings: {maxConcurrentTasks: "${var.size}"}
"""


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


@pytest.fixture
def polysync(app: FakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppCommands:
    """Return a function that runs commands in the folder of a bundle."""
    (tmp_path / "bundle" / "platforms").mkdir(parents=True)
    (tmp_path / "bundle" / "polysync.yaml").write_text(BUNDLE)
    (tmp_path / "bundle" / "platforms" / "lake.yaml").write_text(PLATFORM)
    monkeypatch.chdir(tmp_path / "bundle")
    monkeypatch.setenv("POLYSYNC_CONFIG_DIR", str(tmp_path / "config"))
    return AppCommands(app, monkeypatch)


def attributes(app: FakeApp) -> dict[str, Any]:
    found: dict[str, Any] = app.http.get("/platforms/lake").json()["attributes"]
    return found


def slots(app: FakeApp) -> int:
    found: int = app.http.get("/contention-profiles/cap").json()["settings"]["maxConcurrentTasks"]
    return found


def test_one_folder_serves_several_targets(polysync: AppCommands, app: FakeApp) -> None:
    result = polysync("apply")
    assert result.exit_code == 0, result.output
    assert (slots(app), attributes(app)["workspaceUrl"]) == (
        2,
        "https://adb-1.2.azuredatabricks.net",
    )
    assert app.http.get("/platforms/lake").json()["bundle"] == "sales"

    result = polysync(
        "apply", ".", "--target", "prod", "--var", "url=https://adb-9.2.azuredatabricks.net"
    )

    assert (
        '~ attributes.workspaceUrl: "https://adb-1.2.azuredatabricks.net" -> "https://adb-9.2.azuredatabricks.net"'
        in (result.stdout)
    )
    assert (slots(app), attributes(app)["defaultNotebookPath"]) == (8, "/prod")


def test_values_come_from_files_of_values_and_from_the_context(
    polysync: AppCommands, app: FakeApp
) -> None:
    Path("dev.yaml").write_text("size: 5\n")
    url = "http://127.0.0.1:7071/api"
    polysync("context", "add", "dev", "--url", url, "--var", "size:=3", "--target", "prod")
    without = {"POLYSYNC_URL": None}

    polysync("apply", env=without, input="")
    assert polysync("apply", ".", env=without).exit_code == 1  # dev.yaml is no document
    polysync("apply", ".", "--var-file", "dev.yaml", env=without)
    assert (slots(app), attributes(app)["defaultNotebookPath"]) == (5, "/prod")
    polysync("apply", ".", "--var-file", "dev.yaml", "--var", "size=6", env=without)
    assert slots(app) == 6
    Path("dev.yaml").unlink()
    polysync("apply", env=without)
    assert slots(app) == 3


def test_problems_have_file_line_and_object(polysync: AppCommands) -> None:
    text = PLATFORM.replace("var.url", "var.ulr").replace("settings:", "setings:")
    Path("platforms/lake.yaml").write_text(text)
    result = polysync("apply", "--target", "prdo")
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stderr.splitlines()]
    assert any(
        line.startswith(
            "platforms/lake.yaml:6:18: platform lake: attributes.workspaceUrl: there is"
        )
        for line in lines
    ), lines
    assert any(line.startswith("polysync.yaml:3:3: variables.url: is used") for line in lines), (
        lines
    )
    assert any("there is no target 'prdo'" in line for line in lines)
    assert any("contention profile cap: setings: is not a known field" in line for line in lines), (
        lines
    )
    assert polysync("validate", ".").exit_code == 1


def test_a_rule_of_the_api_has_the_place_in_the_file(polysync: AppCommands) -> None:
    result = polysync("apply", "--var", "size=0")
    assert "platforms/lake.yaml:10:16: contention profile cap: settings.maxConcurrent" in (
        result.stderr
    )


def test_validate_knows_targets_and_variables(polysync: AppCommands) -> None:
    valid = polysync("validate", "--target", "prod")
    assert (valid.exit_code, valid.stdout) == (0, "Valid: 3 definitions in 2 files.\n")


@pytest.mark.parametrize("value", ["vault://local/TOKEN", "dapi0123456789abcdef0123456789abcdef"])
def test_a_secret_is_no_variable(polysync: AppCommands, app: FakeApp, value: str) -> None:
    result = polysync("apply", "--var", f"url={value}")
    assert result.exit_code == 1
    assert "vault://" in result.stderr
    assert "dapi" not in result.stderr


def test_pruning_is_listed_confirmed_and_limited_to_the_bundle(
    polysync: AppCommands, app: FakeApp
) -> None:
    polysync("apply")
    polysync("apply", "-", input="vaults: [{name: other, provider: Environment}]")
    Path("platforms/lake.yaml").write_text(PLATFORM.partition("contentionProfiles")[0])
    Path("polysync.yaml").write_text(BUNDLE.replace("  size: 2\n", "").replace("{size: 8}", "{}"))

    refused = polysync("apply", "--prune")
    assert refused.exit_code == 1
    assert "- contentionProfile cap" in refused.stderr
    assert "Delete 1 definition of bundle sales?" in refused.stderr
    assert slots(app) == 2

    agreed = polysync("apply", "--prune", input="y\n")
    assert agreed.exit_code == 0, agreed.output
    assert "- contentionProfile cap" in agreed.stdout
    assert app.http.get("/contention-profiles/cap").status_code == 404
    assert app.http.get("/vaults/other").status_code == 200
    assert polysync("apply", "--prune").exit_code == 0


def test_a_saved_plan_is_applied_as_it_is(polysync: AppCommands, app: FakeApp) -> None:
    saved = polysync("plan", "--target", "prod", "-o", "plan.json")
    assert saved.exit_code == 0, saved.output
    assert "+ platform lake" in saved.stdout
    assert "polysync apply plan.json" in saved.stderr
    assert app.http.get("/vaults").json()["items"] == []
    Path("platforms/lake.yaml").write_text("vaults: []")

    applied = polysync("apply", "plan.json")

    assert applied.exit_code == 0, applied.output
    assert (slots(app), app.http.get("/vaults/local").json()["bundle"]) == (8, "sales")


def test_a_plan_is_refused_when_the_state_has_changed(polysync: AppCommands, app: FakeApp) -> None:
    polysync("plan", "-o", "plan.json")
    polysync("apply", "-", input="vaults: [{name: local, provider: Environment, description: x}]")

    result = polysync("apply", "plan.json")

    assert result.exit_code == 1
    assert "Plan again" in result.stderr
    assert app.http.get("/platforms").json()["items"] == []


def test_a_saved_plan_in_the_folder_is_no_definition(polysync: AppCommands) -> None:
    polysync("plan", "-o", "plan.json")
    assert polysync("plan").exit_code == 0
    both = polysync("apply", "plan.json", "polysync.yaml")
    assert "applied alone" in both.stderr


def test_a_plan_of_another_app_or_version_and_options_are_refused(polysync: AppCommands) -> None:
    polysync("plan", "-o", "plan.json")
    assert polysync("apply", "plan.json", "--prune").exit_code == 2
    elsewhere = polysync("apply", "plan.json", "--url", "http://127.0.0.1:1/api")
    assert "The plan was made for http://127.0.0.1:7071/api" in elsewhere.stderr
    content = json.loads(Path("plan.json").read_text())
    Path("plan.json").write_text(json.dumps({**content, "polysyncPlan": 2}, indent=2))
    assert "plan again" in polysync("apply", "plan.json").stderr


def test_a_plan_is_markdown_for_a_pull_request(polysync: AppCommands) -> None:
    polysync("apply")
    Path("platforms/lake.yaml").write_text(PLATFORM.replace("Serverless", '"```x"'))
    Path("platforms/lake.yaml").write_text(
        PLATFORM.replace("name: local,", "name: local, description: '```',")
    )
    text = polysync("plan", "--target", "prod", "--markdown").stdout
    assert text.splitlines() == [
        "### Plan of bundle `sales`, target `prod`: 3 update",
        "",
        "````diff",
        "! vault local",
        '+     description: "```"',
        "! contentionProfile cap",
        "!     settings.maxConcurrentTasks: 2 -> 8",
        "! platform lake",
        '+     attributes.defaultNotebookPath: "/prod"',
        "````",
    ]
    Path("platforms/lake.yaml").write_text(PLATFORM)
    assert "No definition changes." in polysync("plan", "--markdown").stdout


def test_without_files_a_folder_must_be_a_bundle(polysync: AppCommands) -> None:
    Path("polysync.yaml").unlink()
    assert polysync("apply").exit_code == 2


def test_an_exported_bundle_is_unchanged(polysync: AppCommands) -> None:
    polysync("apply")
    text = polysync("export").stdout
    assert "bundle" not in yaml.safe_load(text)
    assert "3 unchanged" in polysync("apply", "-", input=text).stdout
