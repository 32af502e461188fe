"""The Kubernetes client and Azure's management client accept the simulated cluster."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.mgmt.containerservice import ContainerServiceClient
from kubernetes import client as kubernetes
from kubernetes.client import BatchV1Api
from kubernetes.client.exceptions import ApiException

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.azure_kubernetes.client import API_VERSION
from polysync_core.platforms.connector import ProviderStatus
from tests.contract.azure_compute.conftest import Connect, MakeRequest, NoCredential, PlainBearer
from tests.contract.connectors.cases.azure_kubernetes import (
    SUBSCRIPTION,
    a_job,
    a_specification,
    platform_of,
    put,
)
from tests.fakes.simulators import SimulatorProcess

TIME_LIMIT = 30


def until(poll: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + TIME_LIMIT
    while not done(found := poll()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.fixture
def official(simulator: SimulatorProcess) -> Iterator[BatchV1Api]:
    configuration = kubernetes.Configuration(
        host=simulator.url, api_key={"authorization": "Bearer x"}
    )
    with kubernetes.ApiClient(configuration) as api:
        yield BatchV1Api(api)


def a_new_job(name: str, program: str, **variables: str) -> Any:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": a_specification(program, **variables),
    }


def test_the_client_creates_follows_and_lists_jobs(official: BatchV1Api) -> None:
    for name in ("one", "two", "three"):
        official.create_namespaced_job("batch", a_new_job(name, "succeed"))

    ended = until(
        lambda: official.read_namespaced_job("one", "batch"),
        lambda job: bool(job.status.completion_time),
    )

    assert {each.type for each in ended.status.conditions} == {"SuccessCriteriaMet", "Complete"}
    assert ended.spec.template.metadata.labels["job-name"] == "one"
    first = official.list_namespaced_job("batch", limit=2)
    rest = official.list_namespaced_job("batch", limit=2, _continue=first.metadata._continue)
    names = [each.metadata.name for each in (*first.items, *rest.items)]
    assert names[:3] == ["one", "three", "two"]


def test_the_client_receives_refusals(official: BatchV1Api) -> None:
    official.create_namespaced_job("batch", a_new_job("twice", "succeed"))
    copied = official.read_namespaced_job("twice", "batch")
    copied.metadata.name = "copied"
    with pytest.raises(ApiException) as caught:
        official.create_namespaced_job("batch", copied)
    assert caught.value.status == 400
    for name, status in (("twice", 409), ("Upper", 422)):
        with pytest.raises(ApiException) as caught:
            official.create_namespaced_job("batch", a_new_job(name, "succeed"))
        assert caught.value.status == status
    with pytest.raises(ApiException) as caught:
        official.read_namespaced_job("gone", "batch")
    assert json.loads(caught.value.body)["reason"] == "NotFound"


def test_the_client_ends_a_job_by_its_deadline(official: BatchV1Api) -> None:
    official.create_namespaced_job("batch", a_new_job("endless", "hang"))

    change = {"spec": {"activeDeadlineSeconds": 1}}
    official.patch_namespaced_job("endless", "batch", change)

    ended = until(
        lambda: official.read_namespaced_job("endless", "batch"),
        lambda job: bool(job.status.conditions),
    )
    assert ended.status.conditions[0].reason == "DeadlineExceeded"


def test_the_client_reads_the_copy_of_a_template(
    official: BatchV1Api, simulator: SimulatorProcess, connect: Connect, submission: MakeRequest
) -> None:
    specification = a_specification("echo", rows="1", region="eu")
    put(simulator, "cronjobs", "nightly", specification)
    job = a_job(JobType.AKS_CRON_JOB, "nightly", outputsFromTerminationMessage=True)
    connector = connect(platform_of(simulator), job)
    request = submission(job, "k1", rows="7", note="costs $(HOME) or $5")

    submitted = connector.submit(request)
    report = until(
        lambda: connector.read(job, submitted.external_run_id),
        lambda report: report.status.is_final,
    )

    assert report.status is ProviderStatus.SUCCESS
    assert report.outputs == {"rows": "7", "region": "eu", "note": "costs $(HOME) or $5"}
    template = official.read_namespaced_cron_job("nightly", "batch")
    copy = official.read_namespaced_job(submitted.external_run_id, "batch")
    assert copy.metadata.labels["polysync/source"] == template.metadata.name
    assert copy.metadata.annotations["polysync/attempt"] == "k1"
    assert copy.spec.ttl_seconds_after_finished == 7 * 86_400
    (container,) = copy.spec.template.spec.containers
    assert [(each.name, each.value) for each in container.env] == [
        ("note", "costs $$(HOME) or $$5"),
        ("rows", "7"),
        ("region", "eu"),
    ]
    listed = official.list_namespaced_cron_job("batch")
    assert [each.metadata.name for each in listed.items] == ["nightly"]


def test_the_management_client_reads_the_credentials_of_the_cluster(
    simulator: SimulatorProcess,
) -> None:
    with ContainerServiceClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=simulator.url,
        authentication_policy=PlainBearer(),
        api_version=API_VERSION,
        retry_total=0,
    ) as management:
        found = management.managed_clusters.list_cluster_user_credentials("rg-data", "analytics")

    assert found.kubeconfigs is not None
    value = found.kubeconfigs[0].value
    assert value is not None
    config = json.loads(value if value[:1] == b"{" else base64.b64decode(value))
    assert config["clusters"][0]["cluster"]["server"] == simulator.url
