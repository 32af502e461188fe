"""One simulator for the module, and the vendor's own client pointed at it."""

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
from tests.contract.connectors.benches.azure_ai_foundry import SUBSCRIPTION, platform_of
from tests.fakes.simulators import SimulatorProcess


class PlainBearer(SansIOHTTPPolicy[Any, Any]):
    """Shows a token by plain HTTP, which the client's own policy refuses to do."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer anything"


class NoCredential:
    """What the client wants to have, and never asks."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError("the policy above needs no token")


class NoSecrets:
    """A platform with a managed identity has none."""

    def resolve(self, reference: str) -> Any:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder = tmp_path_factory.mktemp("foundry")
    options = ("--start-seconds", "0.02", "--step-seconds", "0.02", "--page-size", "2")
    running = SimulatorProcess("simulators.ai_foundry", folder, *options)
    yield running
    assert running.stop() == 0


@pytest.fixture
def official(simulator: SimulatorProcess) -> Iterator[MachineLearningServicesMgmtClient]:
    """The official management client, with the version of the API that Polysync speaks."""
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
def ours(simulator: SimulatorProcess) -> Callable[[JobType], JobConnector]:
    """Polysync's own connection to the same workspace, by job type."""
    platform = platform_of(simulator)
    surroundings = PluginContext(secrets=NoSecrets(), allow_loopback=True)
    return platform_plugin(platform.type).open(platform, surroundings).job
