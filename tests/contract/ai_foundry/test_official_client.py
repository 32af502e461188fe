"""The vendor's client accepts the simulator and the copies that Polysync makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient, models

from polysync_core.domain.definitions.jobs import DataType, JobType, Parameter
from polysync_core.platforms.connector import JobConnector, ProviderStatus, Report, SubmitRequest
from tests.contract.connectors.cases.azure_ai_foundry import a_job

PARENT = ("rg-data", "analytics")
TIME_LIMIT = 60
type ConnectorOf = Callable[[JobType], JobConnector]


def until[T](poll: Callable[[], T], done: Callable[[T], bool]) -> T:
    deadline = time.monotonic() + TIME_LIMIT
    while not done(found := poll()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def a_command(script: str, **inputs: str) -> models.JobBase:
    return models.JobBase(
        properties=models.CommandJob(
            command=f"python {script}.py",
            environment_id="azureml:sklearn:1",
            inputs={name: models.LiteralJobInput(value=text) for name, text in inputs.items()},
            outputs={"loss": models.UriFileJobOutput()},
        )
    )


def request(job_type: JobType, template: str, token: str, **values: Any) -> SubmitRequest:
    types = {int: DataType.INT, float: DataType.FLOAT}
    parameters = tuple(
        Parameter(name=name, data_type=types.get(type(value), DataType.STRING))
        for name, value in values.items()
    )
    job = a_job(job_type, template).model_copy(update={"parameters": parameters})
    return SubmitRequest(
        job=job, token=token, run_name=f"run {token}", parameters=values, begun_at=datetime.now(UTC)
    )


def polled(connector: JobConnector, request: SubmitRequest) -> Report:
    submitted = connector.submit(request)
    return until(
        lambda: connector.read(request.job, submitted.external_run_id),
        lambda report: report.status.is_final,
    )


def repeated(official: MachineLearningServicesMgmtClient, copy: models.JobBase) -> str:
    """Return the final status of a job that the client creates from a copy."""
    name = f"again-{copy.name}"
    official.jobs.create_or_update(*PARENT, name, copy)
    return until(
        lambda: str(official.jobs.get(*PARENT, name).properties.status),
        lambda status: status in {models.JobStatus.COMPLETED, models.JobStatus.FAILED},
    )


def test_the_official_client_creates_follows_and_lists_jobs(
    official: MachineLearningServicesMgmtClient,
) -> None:
    for name in ("one", "two", "three"):
        official.jobs.create_or_update(*PARENT, name, a_command("echo", loss="1"))

    wait_until_ended = until(
        lambda: official.jobs.get(*PARENT, "one").properties,
        lambda properties: properties.status == models.JobStatus.COMPLETED,
    )
    assert isinstance(wait_until_ended, models.CommandJob)
    assert wait_until_ended.inputs is not None
    assert wait_until_ended.inputs["loss"].value == "1"
    assert wait_until_ended.outputs is not None
    assert wait_until_ended.outputs["loss"].uri.endswith("/one/loss/")
    # Two on a page, so this takes several.
    listed = [each.name for each in official.jobs.list(*PARENT, job_type="Command")]
    assert listed[:3] == ["three", "two", "one"]
    assert "score-sales" not in listed


def test_the_official_client_stops_a_job_and_receives_errors(
    official: MachineLearningServicesMgmtClient,
) -> None:
    official.jobs.create_or_update(*PARENT, "endless", a_command("hang"))

    official.jobs.begin_cancel(*PARENT, "endless").result(TIME_LIMIT)

    assert official.jobs.get(*PARENT, "endless").properties.status == models.JobStatus.CANCELED
    with pytest.raises(HttpResponseError):
        official.jobs.begin_cancel(*PARENT, "endless")
    with pytest.raises(ResourceNotFoundError):
        official.jobs.get(*PARENT, "gone")
    with pytest.raises(ResourceNotFoundError):
        official.jobs.get("rg-data", "elsewhere", "endless")
    with pytest.raises(HttpResponseError) as caught:
        official.jobs.create_or_update(*PARENT, "endless", a_command("echo"))
    assert caught.value.status_code == 409


def test_a_name_starts_one_job_for_any_number_of_submits(
    official: MachineLearningServicesMgmtClient, simulator: Any
) -> None:
    for _ in range(3):
        official.jobs.create_or_update(*PARENT, "once", a_command("echo"))

    lines = [line["repeat"] for line in simulator.submissions() if line["name"] == "once"]
    assert lines == [False, True, True]


def test_a_pipeline_computes_its_output_from_its_parameters(
    official: MachineLearningServicesMgmtClient, connector_of: ConnectorOf
) -> None:
    connector = connector_of(JobType.AI_FOUNDRY_PIPELINE_JOB)

    report = polled(
        connector,
        request(JobType.AI_FOUNDRY_PIPELINE_JOB, "score-sales", "p1", revenue_cents=120_000),
    )

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {"forecast_cents": "126000"})
    assert report.started_at is not None
    assert report.finished_at is not None
    copy = official.jobs.get(*PARENT, "polysync-p1")
    assert repeated(official, copy) == models.JobStatus.COMPLETED
    assert isinstance(copy.properties, models.PipelineJob)
    assert copy.properties.display_name == "run p1"
    assert copy.properties.experiment_name == "sales"
    assert copy.properties.tags == {"polysync_template": "score-sales"}
    assert copy.properties.inputs is not None
    values = {name: each.value for name, each in copy.properties.inputs.items()}
    assert values == {"revenue_cents": "120000", "growth_percent": "5"}


def test_the_official_client_reads_a_copy_of_a_command_as_a_command(
    official: MachineLearningServicesMgmtClient, connector_of: ConnectorOf
) -> None:
    given = request(JobType.AI_FOUNDRY_COMMAND_JOB, "train-forecast", "c1", learning_rate=0.25)

    report = polled(connector_of(JobType.AI_FOUNDRY_COMMAND_JOB), given)

    assert report.outputs == {"loss": "0.150000"}
    copy = official.jobs.get(*PARENT, "polysync-c1")
    assert repeated(official, copy) == models.JobStatus.COMPLETED
    assert isinstance(copy.properties, models.CommandJob)


def test_a_sweep_tries_only_the_given_value(
    official: MachineLearningServicesMgmtClient, connector_of: ConnectorOf
) -> None:
    given = request(JobType.AI_FOUNDRY_SWEEP_JOB, "tune-forecast", "s1", learning_rate=0.25)

    report = polled(connector_of(JobType.AI_FOUNDRY_SWEEP_JOB), given)

    assert report.outputs == {"loss": "0.150000"}
    copy = official.jobs.get(*PARENT, "polysync-s1")
    assert repeated(official, copy) == models.JobStatus.COMPLETED
    assert isinstance(copy.properties, models.SweepJob)
    assert copy.properties.search_space == {"learning_rate": ["choice", [[0.25]]]}
    assert isinstance(copy.properties.limits, models.SweepJobLimits)
    assert copy.properties.limits.max_total_trials == 4


def test_copies_are_runs_of_their_template_and_not_templates(
    official: MachineLearningServicesMgmtClient, connector_of: ConnectorOf
) -> None:
    connector = connector_of(JobType.AI_FOUNDRY_COMMAND_JOB)
    given = request(JobType.AI_FOUNDRY_COMMAND_JOB, "train-forecast", "c2")
    polled(connector, given)

    found = {each.external_run_id for each in connector.runs(given.job)}

    assert "polysync-c2" in found
    assert "train-forecast" not in found
    tagged = {each.name for each in official.jobs.list(*PARENT, tag="polysync_template")}
    assert found <= tagged
    assert "train-forecast" not in tagged


def test_the_official_client_reads_the_workspace(
    official: MachineLearningServicesMgmtClient,
) -> None:
    assert official.workspaces.get(*PARENT).name == "analytics"
    with pytest.raises(ResourceNotFoundError):
        official.workspaces.get("rg-data", "elsewhere")
