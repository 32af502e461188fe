"""The vendor's client accepts the simulator as Microsoft Fabric."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from microsoft_fabric_api import FabricClient
from microsoft_fabric_api.generated.core.models import RunOnDemandItemJobRequest

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.cases.microsoft_fabric import KINDS, WORKSPACE, put_item
from tests.fakes.simulators import SimulatorProcess

pytestmark = pytest.mark.slow

TIME_LIMIT = 60
_JOBS = {
    JobType.FABRIC_NOTEBOOK: (
        "RunNotebook",
        {"parameters": {"d": {"value": "x", "type": "string"}}},
    ),
    JobType.FABRIC_PIPELINE: ("Pipeline", {"parameters": {"rows": 7}}),
    JobType.FABRIC_DATAFLOW: ("Execute", {"executeOption": "SkipApplyChanges"}),
    JobType.FABRIC_SPARK_JOB: ("sparkjob", {"commandLineArguments": "--rows 7"}),
}


class PlainBearer(SansIOHTTPPolicy[Any, Any]):
    """Sends a token over plain HTTP, which the client's own policy refuses."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer anything"


class NoCredential:
    """The credential that the client requires but never uses."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError("the policy above needs no token")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder = tmp_path_factory.mktemp("fabric")
    running = SimulatorProcess("simulators.fabric", folder, "--page-size", "2")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def client(simulator: SimulatorProcess) -> FabricClient:
    """The official client of Fabric."""
    return FabricClient(
        NoCredential(),
        f"{simulator.url}/",
        authentication_policy=PlainBearer(),
        retry_total=0,
        polling_interval=0,
    )


def an_item(simulator: SimulatorProcess, job_type: JobType, **course: Any) -> str:
    item = str(uuid.uuid4())
    put_item(simulator, item, **KINDS[job_type].item, **course)
    return item


def location(answer: Any, *_: Any) -> str:
    """Return the id of the run, which the client itself drops."""
    return answer.http_response.headers["Location"].rpartition("/")[2]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIME_LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("job_type", KINDS)
def test_the_job_scheduler_runs_lists_and_cancels_an_item(
    client: FabricClient, simulator: SimulatorProcess, job_type: JobType
) -> None:
    item = an_item(simulator, job_type)
    job, execution = _JOBS[job_type]
    body = RunOnDemandItemJobRequest(execution_data=execution)

    run = client.core.job_scheduler.run_on_demand_item_job(WORKSPACE, item, job, body, cls=location)

    def state() -> Any:
        return client.core.job_scheduler.get_item_job_instance(WORKSPACE, item, run)

    until(lambda: state().status == "Completed")
    assert (state().invoke_type, state().item_id) == ("Manual", item)
    listed = list(client.core.job_scheduler.list_item_job_instances(WORKSPACE, item))
    assert [each.id for each in listed] == [run]
    with pytest.raises(HttpResponseError, match="has completed"):
        client.core.job_scheduler.cancel_item_job_instance(WORKSPACE, item, run)
    assert simulator.submissions()[-1]["execution"] == execution


def test_an_active_run_is_cancelled(client: FabricClient, simulator: SimulatorProcess) -> None:
    item = an_item(simulator, JobType.FABRIC_PIPELINE, outcome=None)
    run = client.core.job_scheduler.run_on_demand_item_job(
        WORKSPACE, item, "Pipeline", None, cls=location
    )

    client.core.job_scheduler.cancel_item_job_instance(WORKSPACE, item, run)

    state = client.core.job_scheduler.get_item_job_instance(WORKSPACE, item, run)
    assert state.status == "Cancelled"


def test_a_failed_run_has_its_reason(client: FabricClient, simulator: SimulatorProcess) -> None:
    reason = {"requestId": str(uuid.uuid4()), "errorCode": "Stop", "message": "no sales"}
    item = an_item(simulator, JobType.FABRIC_SPARK_JOB, outcome="Failed", failure=reason)
    run = client.sparkjobdefinition.background_jobs.run_on_demand_spark_job_definition(
        WORKSPACE, item, None, cls=location
    )

    def state() -> Any:
        return client.core.job_scheduler.get_item_job_instance(WORKSPACE, item, run)

    until(lambda: state().status == "Failed")
    assert (state().failure_reason.error_code, state().failure_reason.message) == (
        "Stop",
        "no sales",
    )


def test_the_client_of_each_item_type_runs_its_items(
    client: FabricClient, simulator: SimulatorProcess
) -> None:
    notebook = an_item(simulator, JobType.FABRIC_NOTEBOOK, exitValue="done")
    pipeline = an_item(simulator, JobType.FABRIC_PIPELINE)
    dataflow = an_item(simulator, JobType.FABRIC_DATAFLOW)

    run = client.notebook.background_jobs.run_on_demand_notebook(
        WORKSPACE, notebook, None, beta=False, cls=location
    )
    client.datapipeline.background_jobs.run_on_demand_execute(WORKSPACE, pipeline)
    client.dataflow.background_jobs.run_on_demand_execute(WORKSPACE, dataflow, None)

    def state() -> Any:
        return client.notebook.background_jobs.get_notebook_job_instance_beta(
            WORKSPACE, notebook, run, beta=True
        )

    until(lambda: state().status == "Completed")
    assert state().properties.exit_value == "done"
    assert [each["item"] for each in simulator.submissions()[-3:]] == [notebook, pipeline, dataflow]


def test_items_are_found_and_read(client: FabricClient, simulator: SimulatorProcess) -> None:
    wanted = {an_item(simulator, JobType.FABRIC_NOTEBOOK) for _ in range(3)}
    dataflow = an_item(simulator, JobType.FABRIC_DATAFLOW)

    listed = {each.id: each for each in client.core.items.list_items(WORKSPACE, type="Notebook")}
    assert wanted <= listed.keys()
    assert {each.type for each in listed.values()} == {"Notebook"}
    reading = client.core.items.begin_get_item_definition(WORKSPACE, min(wanted), format="ipynb")
    until(lambda: reading.result is not None)
    parts = reading.result.definition.parts
    files = {each.path: base64.b64decode(each.payload) for each in parts}
    assert b"rows = 1" in files["notebook-content.ipynb"]
    parameters = list(client.dataflow.items.discover_dataflow_parameters(WORKSPACE, dataflow))
    assert [(each.name, each.type, each.default_value) for each in parameters] == [
        ("rows", "Integer", 1)
    ]
    assert client.core.workspaces.get_workspace(WORKSPACE).display_name == "Sales"


def test_a_missing_item_and_a_wrong_job_are_refused(
    client: FabricClient, simulator: SimulatorProcess
) -> None:
    missing, item = str(uuid.uuid4()), an_item(simulator, JobType.FABRIC_NOTEBOOK)
    with pytest.raises(ResourceNotFoundError, match="item ID not found"):
        client.core.job_scheduler.run_on_demand_item_job(WORKSPACE, missing, "RunNotebook", None)
    with pytest.raises(HttpResponseError, match="job type is invalid"):
        client.core.job_scheduler.run_on_demand_item_job(WORKSPACE, item, "Pipeline", None)
