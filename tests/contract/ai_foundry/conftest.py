"""One simulator per module, and the vendor's client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.azure_ai_foundry.client import API_VERSION
from polysync_core.platforms.connector import JobConnector
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.contract.connectors.cases.azure_ai_foundry import SUBSCRIPTION, platform_of
from tests.fakes.simulators import SimulatorProcess


class PlainBearer(SansIOHTTPPolicy[Any, Any]):
    """Sends a token over plain HTTP, which the client's own policy refuses."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer anything"


class NoCredential:
    """The credential that the client requires but never uses."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError("the policy above needs no token")


class NoSecrets:
    """The secrets of a platform with a managed identity, which needs none."""

    def resolve(self, reference: str) -> Any:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder = tmp_path_factory.mktemp("foundry")
    options = ("--start-seconds", "0.02", "--step-seconds", "0.02", "--page-size", "2")
    wait_until_running = SimulatorProcess("simulators.ai_foundry", folder, *options)
    yield wait_until_running
    assert wait_until_running.stop() == 0


@pytest.fixture
def official(simulator: SimulatorProcess) -> Iterator[MachineLearningServicesMgmtClient]:
    """The official management client, with the API version that Polysync uses."""
    client = MachineLearningServicesMgmtClient(
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


@pytest.fixture
def connector_of(simulator: SimulatorProcess) -> Callable[[JobType], JobConnector]:
    """Polysync's connectors to the same workspace, by job type."""
    platform = platform_of(simulator)
    context = PluginContext(secrets=NoSecrets(), allow_loopback=True)
    return platform_plugin(platform.type).open(platform, context).job
