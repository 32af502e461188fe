"""Tests of `polysync init`: the project that it creates works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from polysync_core.cli.files.bundles import BundleChoice, read_bundle
from tests.fakes.app import FakeApp, settings_of
from tests.unit.cli.conftest import Invoke

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[5]
SCHEMA_LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


@pytest.fixture
def project(polysync: Invoke, tmp_path: Path) -> Path:
    folder = tmp_path / "new" / "sales"
    created = polysync("init", str(folder))
    assert created.exit_code == 0, created.stderr
    assert {Path(line.removeprefix("+ ")) for line in created.stdout.splitlines()} == {
        path for path in folder.rglob("*") if path.is_file()
    }
    return folder


def documents(project: Path) -> dict[Path, Any]:
    files = [*sorted((project / "definitions").iterdir()), project / "polysync.yaml"]
    return {path: yaml.safe_load(path.read_text()) for path in files}


def test_the_new_project_is_valid_without_a_host(project: Path, polysync: Invoke) -> None:
    # The files of the tools in the project are no definitions.
    checked = polysync("validate", "--strict", str(project))
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout == "Valid: 7 definitions in 3 files.\n"


def test_its_target_for_production_is_valid_there(project: Path, polysync: Invoke) -> None:
    only_local = polysync("validate", "--production", str(project))
    checked = polysync("validate", "--strict", "--production", "--target", "prod", str(project))
    assert "Environment" in only_local.stderr
    assert (checked.exit_code, checked.stderr) == (0, "")


def test_each_file_names_the_schema_and_fits_it(project: Path) -> None:
    for path, content in documents(project).items():
        line = SCHEMA_LINE.match(path.read_text())
        assert line is not None, path
        schema = json.loads((path.parent / line[1]).read_text())
        jsonschema_rs.Draft202012Validator(schema).validate(content)


def test_a_host_accepts_the_new_project_and_a_second_apply_changes_nothing(project: Path) -> None:
    app = FakeApp(settings=settings_of(POLYSYNC_ALLOW_LOOPBACK_PLATFORMS="true"))
    bundle = read_bundle([str(project)], BundleChoice())
    content = bundle.document.content
    assert bundle.bundle.name == "sales"

    first = app.http.put("/api/definitions", json=content)
    second = app.http.put("/api/definitions", json=content)

    assert first.status_code == 200, first.text
    assert first.json()["warnings"] == []
    assert len(first.json()["create"]) == 7
    assert len(second.json()["unchanged"]) == 7


def test_the_simulator_has_the_notebooks_and_their_parameters(project: Path) -> None:
    example = yaml.safe_load((ROOT / "examples/lakehouse/definitions.yaml").read_text())
    known = {job["externalId"]: job for job in example["jobs"]}
    jobs = documents(project)[project / "definitions" / "sales.yaml"]["jobs"]
    for job in jobs:
        names = {each["name"] for each in known[job["externalId"]]["parameters"]}
        assert {each["name"] for each in job["parameters"]} <= names
        notebook = job["externalId"].removeprefix("/etl/")
        assert (ROOT / "examples/lakehouse/notebooks" / f"{notebook}.py").is_file()


def test_the_workflow_and_the_hook_run_commands_that_exist(project: Path, polysync: Invoke) -> None:
    text = "\n".join(
        (project / name).read_text()
        for name in (".github/workflows/definitions.yml", ".pre-commit-config.yaml", "README.md")
    )
    commands = re.findall(r"polysync ([a-z]+)[^\n]*?( --[a-z-]+)?$", text, re.M)
    assert {name for name, _ in commands} >= {"validate", "apply", "run", "dev"}
    for name, option in commands:
        explained = polysync(name, "--help")
        assert explained.exit_code == 0, name
        assert option.strip() in explained.output
    assert set(
        yaml.safe_load((project / ".github/workflows/definitions.yml").read_text())["jobs"]
    ) == {
        "validate",
        "plan",
    }


def test_an_existing_file_is_never_replaced(project: Path, polysync: Invoke) -> None:
    (project / "README.md").write_text("mine")
    (project / "definitions" / "sales.yaml").unlink()

    again = polysync("init", str(project))

    assert again.exit_code == 1
    assert "files exist already" in again.stderr
    assert str(project / "README.md") in again.stderr
    assert (project / "README.md").read_text() == "mine"
    assert not (project / "definitions" / "sales.yaml").exists()


def test_a_folder_that_cannot_be_created_is_an_error(polysync: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = polysync("init", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "file" in result.stderr
