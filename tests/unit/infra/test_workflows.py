"""The workflows fit the templates and contain no secret."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from scripts.workflows.parameters import FILE, WrongParameter, parameters, variables_of
from tests.unit.infra.templates import ROOT, template

FOLDER = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))


def _text(name: str) -> str:
    return (FOLDER / name).read_text()


def _workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load(_text(name))


def _steps(name: str) -> list[dict[str, Any]]:
    jobs = _workflow(name)["jobs"].values()
    return [step for job in jobs for step in job.get("steps", ())]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_needs_no_stored_secret(name: str) -> None:
    assert "secrets." not in _text(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_only_the_permissions_that_it_needs(name: str) -> None:
    signs_in = any(step.get("uses", "").startswith("azure/login@") for step in _steps(name))
    wanted = {"contents": "read"} | ({"id-token": "write"} if signs_in else {})
    assert _workflow(name)["permissions"] == wanted


def test_workflows_sign_in_with_federated_credentials() -> None:
    logins = [s for s in _steps("deploy.yml") if s.get("uses", "").startswith("azure/login@")]
    assert [sorted(step["with"]) for step in logins] == [
        ["client-id", "subscription-id", "tenant-id"]
    ] * len(logins)


def _passed(**variables: str) -> dict[str, str]:
    needed = {"AZURE_ENV_NAME": "dev", "AZURE_LOCATION": "westeurope"}
    needed |= {"POLYSYNC_AUTH_CLIENT_ID": "0" * 8}
    lines = parameters(FILE, variables_of({**needed, "VARIABLES": json.dumps(variables)}))
    return dict(line.split("=", 1) for line in lines)


def test_the_workflow_passes_the_parameters_of_azd() -> None:
    declared = template("main.bicep").part("parameters")
    needed = {name for name, how in declared.items() if how["default"] is None}
    given = _passed(POLYSYNC_RESOURCE_LOGS="Changes", POLYSYNC_CONTACT="the data team")
    assert needed <= given.keys() <= set(declared)
    assert given["resourceLogs"] == "Changes"
    assert given["deploymentContact"] == "the data team"
    assert (given["privateNetworking"], given["alertEmail"]) == ("false", "")


def test_an_empty_variable_counts_as_missing() -> None:
    assert _passed(POLYSYNC_BACKEND="")["backend"] == "AzureStorage"
    with pytest.raises(WrongParameter, match="AZURE_LOCATION"):
        _passed(AZURE_LOCATION="")


def test_a_value_of_two_lines_is_refused() -> None:
    with pytest.raises(WrongParameter, match="alertEmail"):
        _passed(POLYSYNC_ALERT_EMAIL="a@b.example\nbackend=x")


def test_every_deployment_of_the_workflow_takes_these_parameters() -> None:
    scripts = [str(step.get("run", "")) for step in _steps("deploy.yml")]
    deploying = [each for each in scripts if "az deployment sub" in each]
    assert len(deploying) == 2
    for script in deploying:
        assert "python -m scripts.workflows.parameters > parameters.txt" in script
        assert '--parameters "${parameters[@]}"' in script


def test_the_workflow_reads_outputs_of_the_template() -> None:
    text = _text("deploy.yml")
    read = {name for line in re.findall(r"for name in ([A-Z_ ]+);", text) for name in line.split()}
    assert read == set(re.findall(r"steps\.resources\.outputs\.(\w+)", text))
    assert read <= set(template("main.bicep").part("outputs"))


def test_the_checks_and_the_what_if_run_before_the_deployment() -> None:
    jobs = _workflow("deploy.yml")["jobs"]
    assert jobs["check"]["uses"] == "./.github/workflows/check.yml"
    assert sorted(jobs["deploy"]["needs"]) == ["check", "what-if"]


def test_files_named_by_workflows_exist() -> None:
    for name in NAMES:
        for path in re.findall(r"\b((?:infra|scripts)/[\w./-]+)", _text(name)):
            assert (ROOT / path).is_file(), path


def test_make_targets_named_by_workflows_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    run = {each for name in NAMES for each in re.findall(r"run: make (\w+)", _text(name))}
    assert run
    assert run <= set(targets)
