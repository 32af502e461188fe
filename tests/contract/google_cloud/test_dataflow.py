"""Google's clients accept the simulator of Dataflow, and the jobs that Polysync launches."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud.dataflow_v1beta3 import (
    FlexTemplatesServiceClient,
    JobsV1Beta3Client,
    MessagesV1Beta3Client,
    TemplatesServiceClient,
    types,
)
from google.cloud.dataflow_v1beta3.services.flex_templates_service.transports import (
    FlexTemplatesServiceRestTransport,
)
from google.cloud.dataflow_v1beta3.services.jobs_v1_beta3.transports import JobsV1Beta3RestTransport
from google.cloud.dataflow_v1beta3.services.messages_v1_beta3.transports import (
    MessagesV1Beta3RestTransport,
)
from google.cloud.dataflow_v1beta3.services.templates_service.transports import (
    TemplatesServiceRestTransport,
)

from polysync_core.domain.definitions.jobs import DataType, JobType
from polysync_core.platforms.connector import ProviderStatus
from simulators.google_cloud.templates import FOLDER, a_flow
from tests.contract.google_cloud.conftest import Region, job_with, until

PLACE = {"project_id": "acme-data-1", "location": "europe-west3"}
SUMMARY = types.JobView.JOB_VIEW_SUMMARY
ALL = types.JobView.JOB_VIEW_ALL
ERROR = types.JobMessageImportance.JOB_MESSAGE_ERROR


@pytest.fixture
def templates(region: Region) -> TemplatesServiceClient:
    """Google's client for classic templates and the metadata of all templates."""
    transport = region.transport(TemplatesServiceRestTransport)
    return TemplatesServiceClient(transport=transport)


@pytest.fixture
def flex_templates(region: Region) -> FlexTemplatesServiceClient:
    """Google's client for Flex templates."""
    transport = region.transport(FlexTemplatesServiceRestTransport)
    return FlexTemplatesServiceClient(transport=transport)


@pytest.fixture
def jobs(region: Region) -> JobsV1Beta3Client:
    """Google's client for jobs."""
    return JobsV1Beta3Client(transport=region.transport(JobsV1Beta3RestTransport))


@pytest.fixture
def messages(region: Region) -> MessagesV1Beta3Client:
    """Google's client for messages of jobs."""
    return MessagesV1Beta3Client(transport=region.transport(MessagesV1Beta3RestTransport))


def put(region: Region, path: str, *names: str, **facts: Any) -> str:
    region.simulator.control("PUT", "dataflow", {**a_flow(*names, **facts), "path": path})
    return path


def state_of(jobs: JobsV1Beta3Client, job_id: str) -> types.JobState:
    return jobs.get_job({**PLACE, "job_id": job_id, "view": SUMMARY}).current_state


def launched(templates: TemplatesServiceClient, path: str, name: str) -> str:
    given = {"job_name": name, "parameters": {"rows": "7"}}
    return templates.launch_template({**PLACE, "gcs_path": path, "launch_parameters": given}).job.id


def test_the_official_clients_launch_follow_and_list_classic_jobs(
    templates: TemplatesServiceClient, jobs: JobsV1Beta3Client
) -> None:
    found = templates.get_template({**PLACE, "gcs_path": f"{FOLDER}/echo"})
    assert [each.name for each in found.metadata.parameters] == ["rows"]
    assert found.template_type == types.GetTemplateResponse.TemplateType.LEGACY

    ids = [launched(templates, f"{FOLDER}/echo", name) for name in ("one", "two", "three")]

    until(lambda: state_of(jobs, ids[0]), lambda state: state == types.JobState.JOB_STATE_DONE)
    job = jobs.get_job({**PLACE, "job_id": ids[0], "view": ALL})
    assert job.environment.sdk_pipeline_options["options"]["rows"] == "7"
    # Two on a page, so this takes several.
    assert [each.id for each in jobs.list_jobs(PLACE)][:3] == [*reversed(ids)]
    assert [each.id for each in jobs.list_jobs({**PLACE, "name": "two"})] == [ids[1]]


def test_the_official_clients_receive_errors(
    region: Region, templates: TemplatesServiceClient, jobs: JobsV1Beta3Client
) -> None:
    path = put(region, f"{FOLDER}/hang", "rows")
    launched(templates, path, "unique")

    with pytest.raises(Conflict):
        launched(templates, path, "unique")
    with pytest.raises(NotFound):
        launched(templates, f"{FOLDER}/gone", "x")
    with pytest.raises(BadRequest):
        launched(templates, put(region, f"{FOLDER}/bare"), "y")
    with pytest.raises(BadRequest):
        launched(templates, path, "Not-A-Name")
    with pytest.raises(NotFound):
        state_of(jobs, "2030-01-01_00_00_00-1")


def test_the_official_clients_stop_a_job_and_read_its_messages(
    region: Region,
    templates: TemplatesServiceClient,
    jobs: JobsV1Beta3Client,
    messages: MessagesV1Beta3Client,
) -> None:
    job_id = launched(templates, put(region, f"{FOLDER}/hang", "rows"), "stopped")
    stop = {"requested_state": types.JobState.JOB_STATE_CANCELLED}

    jobs.update_job({**PLACE, "job_id": job_id, "job": stop})

    cancelled = types.JobState.JOB_STATE_CANCELLED
    until(lambda: state_of(jobs, job_id), lambda state: state == cancelled)
    with pytest.raises(BadRequest):
        jobs.update_job({**PLACE, "job_id": job_id, "job": stop})
    failed = launched(templates, put(region, f"{FOLDER}/fail", "rows"), "failed")
    until(lambda: state_of(jobs, failed), lambda state: state == types.JobState.JOB_STATE_FAILED)
    asked = {**PLACE, "job_id": failed, "minimum_importance": ERROR}
    texts = [each.message_text for each in messages.list_job_messages(asked)]
    assert "no sales today" in texts[0]
    assert len(texts) == 2


def test_a_streaming_job_is_drained_and_a_batch_job_is_not(
    region: Region, templates: TemplatesServiceClient, jobs: JobsV1Beta3Client
) -> None:
    path = put(region, f"{FOLDER}/stream", "rows", type="JOB_TYPE_STREAMING")
    drain = {"requested_state": types.JobState.JOB_STATE_DRAINED}
    batch = launched(templates, put(region, f"{FOLDER}/hang", "rows"), "batch")
    streaming = launched(templates, path, "streaming")

    with pytest.raises(BadRequest):
        jobs.update_job({**PLACE, "job_id": batch, "job": drain})
    jobs.update_job({**PLACE, "job_id": streaming, "job": drain})

    drained = types.JobState.JOB_STATE_DRAINED
    until(lambda: state_of(jobs, streaming), lambda state: state == drained)


def test_the_official_client_launches_flex_templates(
    flex_templates: FlexTemplatesServiceClient, jobs: JobsV1Beta3Client
) -> None:
    path = f"{FOLDER}/flex/echo.json"
    given = {"job_name": "flexible", "container_spec_gcs_path": path, "parameters": {"rows": "7"}}

    job_id = flex_templates.launch_flex_template({**PLACE, "launch_parameter": given}).job.id

    until(lambda: state_of(jobs, job_id), lambda state: state == types.JobState.JOB_STATE_DONE)
    with pytest.raises(BadRequest):
        wrong = {**given, "job_name": "other", "container_spec_gcs_path": f"{FOLDER}/echo"}
        flex_templates.launch_flex_template({**PLACE, "launch_parameter": wrong})


@pytest.mark.parametrize(
    ("job_type", "path"),
    [
        (JobType.DATAFLOW_CLASSIC_TEMPLATE, f"{FOLDER}/echo"),
        (JobType.DATAFLOW_FLEX_TEMPLATE, f"{FOLDER}/flex/echo.json"),
    ],
)
def test_the_official_client_reads_the_jobs_that_polysync_launches(
    region: Region, jobs: JobsV1Beta3Client, job_type: JobType, path: str
) -> None:
    job = job_with(job_type, path, {"rows": DataType.INT}, maxWorkers=3, privateWorkers=True)

    run_id = region.submit(job, "f1", rows=7)

    assert region.ended(job, run_id).status is ProviderStatus.SUCCESS
    found = jobs.get_job({**PLACE, "job_id": run_id, "view": ALL})
    assert found.name.startswith("polysync-")
    assert found.name.endswith("-f1")
    assert found.environment.sdk_pipeline_options["options"]["rows"] == "7"
    line = region.simulator.submissions()[-1]
    assert line["body"]["environment"] == {"maxWorkers": 3, "ipConfiguration": "WORKER_IP_PRIVATE"}
