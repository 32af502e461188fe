"""Google's client accepts the simulator of Vertex AI, and the copies that Polysync makes."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.aiplatform_v1 import JobServiceClient, PipelineServiceClient, types
from google.cloud.aiplatform_v1.services.job_service.transports import JobServiceRestTransport
from google.cloud.aiplatform_v1.services.pipeline_service.transports import (
    PipelineServiceRestTransport,
)

from polysync_core.domain.definitions.jobs import DataType, JobType
from polysync_core.platforms.connector import ProviderStatus
from simulators.google_cloud.templates import a_custom_job, a_pipeline
from tests.contract.google_cloud.conftest import REGION, Region, job_with, until

DONE = types.PipelineState.PIPELINE_STATE_SUCCEEDED
ROWS = {"rows": {"parameterType": "NUMBER_INTEGER", "defaultValue": 1}}


@pytest.fixture
def pipelines(region: Region) -> PipelineServiceClient:
    """Google's client for pipeline jobs."""
    transport = region.transport(PipelineServiceRestTransport)
    return PipelineServiceClient(transport=transport)


@pytest.fixture
def jobs(region: Region) -> JobServiceClient:
    """Google's client for custom jobs and batch prediction jobs."""
    transport = region.transport(JobServiceRestTransport)
    return JobServiceClient(transport=transport)


def as_pipeline_job(body: dict[str, Any]) -> types.PipelineJob:
    return types.PipelineJob(
        display_name=body["displayName"],
        pipeline_spec=body["pipelineSpec"],
        runtime_config={"gcs_output_directory": body["runtimeConfig"]["gcsOutputDirectory"]},
    )


def test_the_official_client_creates_follows_and_lists_pipeline_jobs(
    pipelines: PipelineServiceClient,
) -> None:
    job = as_pipeline_job(a_pipeline("echo", ROWS, ["rows"]))
    for name in ("one", "two", "three"):
        pipelines.create_pipeline_job(parent=REGION, pipeline_job=job, pipeline_job_id=name)

    wait_until_ended = until(
        lambda: pipelines.get_pipeline_job(name=f"{REGION}/pipelineJobs/one"),
        lambda found: found.state == DONE,
    )
    task = next(
        each for each in wait_until_ended.job_detail.task_details if each.task_name == "only"
    )
    assert task.execution.metadata["output:rows"] == 1
    # Two on a page, so this takes several.
    listed = [each.name.rpartition("/")[2] for each in pipelines.list_pipeline_jobs(parent=REGION)]
    assert listed[:3] == ["three", "two", "one"]
    with pytest.raises(Conflict):
        pipelines.create_pipeline_job(parent=REGION, pipeline_job=job, pipeline_job_id="one")
    with pytest.raises(NotFound):
        pipelines.get_pipeline_job(name=f"{REGION}/pipelineJobs/gone")


def test_the_official_client_stops_a_pipeline_job(pipelines: PipelineServiceClient) -> None:
    job = as_pipeline_job(a_pipeline("hang", ROWS, []))
    pipelines.create_pipeline_job(parent=REGION, pipeline_job=job, pipeline_job_id="endless")
    name = f"{REGION}/pipelineJobs/endless"

    pipelines.cancel_pipeline_job(name=name)

    until(
        lambda: pipelines.get_pipeline_job(name=name).state,
        lambda state: state == types.PipelineState.PIPELINE_STATE_CANCELLED,
    )
    with pytest.raises(BadRequest):
        pipelines.cancel_pipeline_job(name=name)


def test_the_official_client_reads_and_repeats_the_copy_of_a_pipeline(
    region: Region, pipelines: PipelineServiceClient
) -> None:
    template = f"{REGION}/pipelineJobs/score-sales"
    job = job_with(JobType.VERTEX_AI_PIPELINE_JOB, template, {"revenue": DataType.STRING})

    run_id = region.submit(job, "p1", revenue="7")

    report = region.ended(job, run_id)
    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {"revenue": 7})
    copy = pipelines.get_pipeline_job(name=f"{REGION}/pipelineJobs/polysync-p1")
    assert copy.display_name == "run p1"
    assert copy.runtime_config.parameter_values["revenue"] == 7
    assert copy.service_account.startswith("pipelines@")
    assert dict(copy.labels) == {"polysync_template": "score-sales", "polysync_attempt": "p1"}
    found = pipelines.list_pipeline_jobs(
        {"parent": REGION, "filter": "labels.polysync_template=score-sales"}
    )
    assert [each.name for each in found] == [copy.name]
    pipelines.create_pipeline_job(parent=REGION, pipeline_job=copy, pipeline_job_id="again")


def test_the_official_client_creates_and_stops_custom_jobs(
    region: Region, jobs: JobServiceClient
) -> None:
    container = {"image_uri": "europe-docker.pkg.dev/acme-data-1/images/hang:1"}
    created = jobs.create_custom_job(
        parent=REGION,
        custom_job=types.CustomJob(
            display_name="train",
            job_spec={"worker_pool_specs": [{"replica_count": 1, "container_spec": container}]},
        ),
    )

    jobs.cancel_custom_job(name=created.name)

    until(
        lambda: jobs.get_custom_job(name=created.name).state,
        lambda state: state == types.JobState.JOB_STATE_CANCELLED,
    )
    assert created.name in {each.name for each in jobs.list_custom_jobs(parent=REGION)}
    with pytest.raises(BadRequest):
        jobs.create_custom_job(parent=REGION, custom_job=types.CustomJob(display_name="empty"))


def test_the_official_client_reads_and_repeats_the_copy_of_a_custom_job(
    region: Region, jobs: JobServiceClient
) -> None:
    body = a_custom_job("echo", RATE="0.1", MODE="fast")
    body["jobSpec"]["workerPoolSpecs"].append(
        {"containerSpec": {"imageUri": "europe-docker.pkg.dev/acme-data-1/images/echo:2"}}
    )
    region.simulator.control("PUT", "vertex/customJobs/11", body)
    job = job_with(
        JobType.VERTEX_AI_CUSTOM_JOB, "11", {"RATE": DataType.FLOAT}, machineType="n1-highmem-8"
    )

    run_id = region.submit(job, "c1", RATE=0.25)

    copy = jobs.get_custom_job(name=f"{REGION}/customJobs/{run_id}")
    first, second = copy.job_spec.worker_pool_specs
    env = [(each.name, each.value) for each in first.container_spec.env]
    assert env == [("RATE", "0.25"), ("MODE", "fast")]
    assert [each.name for each in second.container_spec.env] == ["RATE"]
    assert (first.machine_spec.machine_type, first.replica_count) == ("n1-highmem-8", 1)
    assert region.ended(job, run_id).status is ProviderStatus.SUCCESS
    jobs.create_custom_job(parent=REGION, custom_job=copy)


def test_the_official_client_creates_and_stops_batch_prediction_jobs(
    region: Region, jobs: JobServiceClient
) -> None:
    created = jobs.create_batch_prediction_job(
        parent=REGION,
        batch_prediction_job=types.BatchPredictionJob(
            display_name="predict",
            model=f"{REGION}/models/hang",
            input_config={"instances_format": "jsonl", "gcs_source": {"uris": ["gs://a/b"]}},
            output_config={
                "predictions_format": "jsonl",
                "gcs_destination": {"output_uri_prefix": "gs://a/c"},
            },
        ),
    )

    jobs.cancel_batch_prediction_job(name=created.name)

    listed = jobs.list_batch_prediction_jobs(parent=REGION)
    assert created.name in {each.name for each in listed}


def test_the_official_client_reads_and_repeats_the_copy_of_a_batch_prediction_job(
    region: Region, jobs: JobServiceClient
) -> None:
    template = f"{REGION}/batchPredictionJobs/4811000000000000002"
    job = job_with(
        JobType.VERTEX_AI_BATCH_PREDICTION_JOB,
        template,
        {"confidence": DataType.FLOAT},
        bigquerySource="bq://acme-data-1.sales.rows",
        gcsDestination="gs://acme-data/today",
    )

    run_id = region.submit(job, "b1", confidence=0.75)

    report = region.ended(job, run_id)
    assert report.outputs["gcsOutputDirectory"] == "gs://acme-data/today/prediction-echo"
    copy = jobs.get_batch_prediction_job(name=f"{REGION}/batchPredictionJobs/{run_id}")
    assert copy.model_parameters["confidence"] == 0.75
    assert copy.input_config.instances_format == "bigquery"
    assert copy.input_config.bigquery_source.input_uri == "bq://acme-data-1.sales.rows"
    assert not copy.input_config.gcs_source.uris
    assert copy.output_info.gcs_output_directory == report.outputs["gcsOutputDirectory"]
    jobs.create_batch_prediction_job(parent=REGION, batch_prediction_job=copy)
