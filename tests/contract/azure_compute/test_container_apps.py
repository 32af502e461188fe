"""Azure's management client accepts the simulated Container Apps jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.appcontainers import ContainerAppsAPIClient

from polysync_core.platforms.azure_container_apps.client import API_VERSION
from tests.contract.azure_compute.conftest import Connect, MakeRequest, NoCredential, PlainBearer
from tests.contract.azure_compute.test_kubernetes import until
from tests.contract.connectors.cases.azure_container_apps import a_job, platform_of, put
from tests.contract.connectors.cases.azure_kubernetes import SUBSCRIPTION
from tests.fakes.simulators import SimulatorProcess

GROUP = "rg-data"


@pytest.fixture
def official(simulator: SimulatorProcess) -> Iterator[ContainerAppsAPIClient]:
    client = ContainerAppsAPIClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=simulator.url,
        authentication_policy=PlainBearer(),
        api_version=API_VERSION,
        polling_interval=0,
        retry_total=0,
    )
    with client:
        yield client


def test_the_client_starts_follows_and_lists_executions(
    official: ContainerAppsAPIClient, simulator: SimulatorProcess
) -> None:
    for name in ("one", "two", "three"):
        put(simulator, name, "fail", rows="1")

    started = official.jobs.begin_start(GROUP, "one").result()
    ended: Any = until(
        lambda: official.job_execution(GROUP, "one", str(started.name)),
        lambda execution: execution.properties.end_time is not None,
    )

    assert ended.properties.status == "Failed"
    (container,) = ended.properties.detailed_status.replicas[0].containers
    assert (container.code, container.additional_information) == (1, "ValueError: no sales today")
    assert [each.name for each in official.jobs_executions.list(GROUP, "one")] == [started.name]
    # Two on a page, so this takes several.
    names = {each.name for each in official.jobs.list_by_resource_group(GROUP)}
    assert {"one", "two", "three"} <= names


def test_the_client_stops_an_execution_and_receives_errors(
    official: ContainerAppsAPIClient, simulator: SimulatorProcess
) -> None:
    put(simulator, "endless", "hang")
    name = str(official.jobs.begin_start(GROUP, "endless").result().name)

    official.jobs.begin_stop_execution(GROUP, "endless", name).result()

    stopped: Any = official.job_execution(GROUP, "endless", name)
    assert stopped.properties.status == "Stopped"
    with pytest.raises(HttpResponseError):
        official.jobs.begin_stop_execution(GROUP, "endless", name)
    with pytest.raises(ResourceNotFoundError):
        official.jobs.get(GROUP, "gone")


def test_the_client_reads_the_containers_of_a_run(
    official: ContainerAppsAPIClient,
    simulator: SimulatorProcess,
    connect: Connect,
    submission: MakeRequest,
) -> None:
    put(simulator, "copied", "succeed", rows="1", region="eu")
    job = a_job("copied")
    connector = connect(platform_of(simulator), job)

    submitted = connector.submit(submission(job, "c1", rows="7", note="x"))

    execution: Any = official.job_execution(GROUP, "copied", submitted.external_run_id)
    (container,) = execution.properties.template.containers
    found = {each.name: each.value or each.secret_ref for each in container.env}
    assert found == {
        "POLYSYNC_ATTEMPT": "c1",
        "note": "x",
        "rows": "7",
        "region": "eu",
        "KEY": "key",
    }
    assert (container.image, container.command) == ("registry.example/load:1", ["succeed"])
