"""One simulator per module, and the vendor's clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.synapse.artifacts import ArtifactsClient

from tests.contract.connectors.cases.azure_data_pipelines import SUBSCRIPTION
from tests.fakes.simulators import SimulatorProcess


class PlainBearer(SansIOHTTPPolicy[Any, Any]):
    """Sends a token over plain HTTP, which the clients' own policies refuse."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer anything"


class NoCredential:
    """The credential that the clients require but never use."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError("the policy above needs no token")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder = tmp_path_factory.mktemp("factory")
    wait_until_running = SimulatorProcess("simulators.data_factory", folder, "--page-size", "2")
    yield wait_until_running
    assert wait_until_running.stop() == 0


@pytest.fixture
def factory(simulator: SimulatorProcess) -> Iterator[DataFactoryManagementClient]:
    """The official client of Data Factory."""
    client = DataFactoryManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    with client:
        yield client


@pytest.fixture
def workspace(simulator: SimulatorProcess) -> Iterator[ArtifactsClient]:
    """The official client of Synapse."""
    client = ArtifactsClient(
        NoCredential(),
        simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    with client:
        yield client


def time_window() -> tuple[datetime, datetime]:
    """Return a time before and a time after the actions of a test."""
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now + timedelta(hours=1)
