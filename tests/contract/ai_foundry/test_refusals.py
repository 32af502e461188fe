"""A job that cannot start is refused with a remedy and without effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import JobConnector, ProviderStatus
from tests.contract.ai_foundry.test_official_client import polled, request
from tests.contract.connectors.cases.azure_ai_foundry import a_command, a_job, job_path, put
from tests.fakes.simulators import SimulatorProcess

COMMAND = JobType.AI_FOUNDRY_COMMAND_JOB
PIPELINE = JobType.AI_FOUNDRY_PIPELINE_JOB
SWEEP = JobType.AI_FOUNDRY_SWEEP_JOB
DATA = {"jobInputType": "uri_folder", "uri": "azureml://datastores/sales/paths/raw/"}
type ConnectorOf = Callable[[JobType], JobConnector]


@pytest.mark.parametrize(
    ("job_type", "template", "values", "sentence"),
    [
        pytest.param(
            PIPELINE,
            "score-sales",
            {"revenue_cent": "1"},
            "parameters.revenue_cent: is not an input of the template, which has: growth_percent,"
            " revenue_cents; sync the job's parameters; did you mean 'revenue_cents'?",
            id="an input that the template does not have",
        ),
        pytest.param(
            SWEEP,
            "tune-forecast",
            {"momentum": "1"},
            "parameters.momentum: is not an input of the template, which has: learning_rate",
            id="a value that the search space does not have",
        ),
        pytest.param(
            COMMAND,
            "reads-data",
            {"raw": "x"},
            "parameters.raw: is a data input",
            id="an input of data",
        ),
        pytest.param(
            PIPELINE,
            "score-sales",
            {"revenue_cents": "-"},
            "parameters.revenue_cents: must contain a letter",
            id="a value that the service would refuse",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_the_template_is_refused_before_a_call(
    simulator: SimulatorProcess,
    connector_of: ConnectorOf,
    job_type: JobType,
    template: str,
    values: dict[str, Any],
    sentence: str,
) -> None:
    definition = {**a_command("echo", ["rows"]), "inputs": {"raw": DATA}}
    put(simulator, "reads-data", definition)

    with pytest.raises(PlatformRefused) as caught:
        connector_of(job_type).submit(request(job_type, template, f"x{template}", **values))

    assert caught.value.cause is FailureCause.PARAMETERS
    assert str(caught.value).startswith(sentence)
    assert f"polysync-x{template}" not in {line["name"] for line in simulator.submissions()}


def test_a_template_of_another_kind_is_refused(connector_of: ConnectorOf) -> None:
    with pytest.raises(PlatformRefused, match="has the kind Sweep") as caught:
        connector_of(COMMAND).submit(request(COMMAND, "tune-forecast", "k1"))

    assert caught.value.cause is FailureCause.SUBMIT


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("aiFoundryComputeName", "none-such", "check aiFoundryComputeName"),
        ("aiFoundryEnvironmentName", "azureml:none:1", "azureml:<name>:<version>"),
    ],
)
def test_an_override_that_the_workspace_lacks_is_reported_with_its_setting(
    connector_of: ConnectorOf, setting: str, value: str, remedy: str
) -> None:
    given = request(COMMAND, "train-forecast", "o1")
    job = a_job(COMMAND, "train-forecast", **{setting: value})

    with pytest.raises(PlatformRefused, match=remedy):
        connector_of(COMMAND).submit(replace(given, job=job))


def test_overrides_replace_the_values_of_the_template(connector_of: ConnectorOf) -> None:
    settings = {
        "aiFoundryComputeName": "gpu-cluster",
        "aiFoundryEnvironmentName": "azureml:sklearn:2",
        "aiFoundryCommand": "python echo.py",
        "aiFoundryObjectiveMetric": "f1",
        "aiFoundryObjectiveGoal": "maximize",
    }
    given = request(SWEEP, "tune-forecast", "o2", learning_rate=0.3)
    job = given.job.model_copy(update={"settings": settings})

    report = polled(connector_of(SWEEP), replace(given, job=job))

    # Another program ran.
    assert (report.status, report.outputs.get("loss")) == (
        ProviderStatus.SUCCESS,
        "azureml://datastores/workspaceblobstore/paths/azureml/polysync-o2/loss/",
    )


def test_a_job_with_the_attempts_name_is_adopted_even_if_it_cannot_be_created_again(
    simulator: SimulatorProcess, connector_of: ConnectorOf
) -> None:
    """The template changed between two submits of one attempt; the first submit arrived."""
    put(simulator, "changing", a_command("echo", ["rows"]))
    given = request(COMMAND, "changing", "a1")
    first = connector_of(COMMAND).submit(given)
    simulator.fault(endpoint="GET jobs/polysync-a1", fault="status", status=404)

    changed = replace(given, job=a_job(COMMAND, "changing", aiFoundryCommand="python fail.py"))
    second = connector_of(COMMAND).submit(replace(changed, is_resend=True))

    assert first.external_run_id == second.external_run_id
    lines = [x for x in simulator.submissions() if x["name"] == first.external_run_id]
    assert len(lines) == 1


def test_a_refused_stop_of_an_active_run_is_an_error(
    simulator: SimulatorProcess, connector_of: ConnectorOf
) -> None:
    put(simulator, "endless-one", a_command("hang", ["rows"]))
    given = request(COMMAND, "endless-one", "e1")
    run_id = connector_of(COMMAND).submit(given).external_run_id
    simulator.fault(endpoint="POST jobs/*/cancel", fault="status", status=409)

    with pytest.raises(PlatformRefused, match="409"):
        connector_of(COMMAND).cancel(given.job, run_id)
    connector_of(COMMAND).cancel(given.job, run_id)


def test_describe_returns_the_parameters_of_a_template(
    simulator: SimulatorProcess, connector_of: ConnectorOf
) -> None:
    definition = {
        **a_command("echo", ["rows"]),
        "outputs": {"rows": {"jobOutputType": "uri_file"}, "model": None},
    }
    definition["inputs"]["raw"] = DATA
    put(simulator, "declares", definition)

    found = connector_of(COMMAND).describe("declares")

    shown = [(each.name, each.direction, each.default) for each in found.parameters]
    assert shown == [
        ("rows", "InputOutput", "1"),
        ("raw", "Input", None),
        ("model", "Output", None),
    ]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("raw is a data input: its value is a URI")


def test_a_copy_registers_the_named_output_of_its_template(
    simulator: SimulatorProcess, connector_of: ConnectorOf
) -> None:
    model = {"jobOutputType": "mlflow_model", "assetName": "churn", "assetVersion": "3"}
    definition = {**a_command("echo", ["rows"]), "outputs": {"model": model}}
    put(simulator, "registers", definition)

    submitted = connector_of(COMMAND).submit(request(COMMAND, "registers", "r1"))

    path = job_path(submitted.external_run_id)
    copy = simulator.call("GET", path, Authorization="Bearer anything")
    output = copy["properties"]["outputs"]["model"]
    assert output["assetName"] == "churn"
    assert "assetVersion" not in output


def test_a_secret_number_is_sent_as_text(connector_of: ConnectorOf) -> None:
    given = request(PIPELINE, "score-sales", "n1", revenue_cents=1)

    report = polled(
        connector_of(PIPELINE), replace(given, parameters={"revenue_cents": Secret("200")})
    )

    assert report.outputs == {"forecast_cents": "210"}
