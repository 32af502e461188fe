"""The workflows fit the templates and contain no secret."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.unit.infra.templates import ROOT, template

FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))


def _text(name: str) -> str:
    return (FOLDER / name).read_text()


def _workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load(_text(name))


def _steps(name: str) -> list[dict[str, Any]]:
    return [step for job in _workflow(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_needs_no_stored_secret(name: str) -> None:
    assert "secrets." not in _text(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_only_the_permissions_that_it_needs(name: str) -> None:
    signs_in = any(step.get("uses", "").startswith("azure/login@") for step in _steps(name))
    wanted = {"contents": "read"} | ({"id-token": "write"} if signs_in else {})
    assert _workflow(name)["permissions"] == wanted


@pytest.mark.parametrize("name", NAMES)
def test_every_job_has_a_time_out(name: str) -> None:
    assert all("timeout-minutes" in job for job in _workflow(name)["jobs"].values())


def test_workflows_sign_in_with_federated_credentials() -> None:
    logins = [s for s in _steps("deploy.yml") if s.get("uses", "").startswith("azure/login@")]
    assert [sorted(step["with"]) for step in logins] == [
        ["client-id", "subscription-id", "tenant-id"]
    ] * len(logins)


def test_the_workflow_passes_parameters_of_the_template() -> None:
    given = set(re.findall(r"(\w+)=\$\{\{", _workflow("deploy.yml")["env"]["PARAMETERS"]))
    declared = template("main.bicep").part("parameters")
    needed = {name for name, how in declared.items() if how["default"] is None}
    assert needed <= given <= set(declared)


def test_the_workflow_reads_outputs_of_the_template() -> None:
    text = _text("deploy.yml")
    read = {name for line in re.findall(r"for name in ([A-Z_ ]+);", text) for name in line.split()}
    assert read == set(re.findall(r"steps\.resources\.outputs\.(\w+)", text))
    assert read <= set(template("main.bicep").part("outputs"))


def test_the_what_if_runs_before_the_deployment() -> None:
    jobs = _workflow("deploy.yml")["jobs"]
    assert jobs["deploy"]["needs"] == "what-if"


def test_files_named_by_workflows_exist() -> None:
    for name in NAMES:
        for path in re.findall(r"\b((?:infra|scripts)/[\w./-]+)", _text(name)):
            assert (ROOT / path).is_file(), path


def test_make_targets_named_by_workflows_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    run = {each for name in NAMES for each in re.findall(r"run: make (\w+)", _text(name))}
    assert run
    assert run <= set(targets)
