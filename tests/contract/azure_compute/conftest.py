"""One simulator for the containers and batches of Azure, and the credential of the clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
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


type Connect = Callable[[Platform, Job], JobConnector]
type MakeRequest = Callable[..., SubmitRequest]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    folder = tmp_path_factory.mktemp("compute")
    options = ("--start-seconds", "0.02", "--run-seconds", "0.02", "--page-size", "2")
    running = SimulatorProcess("simulators.azure_compute", folder, *options)
    yield running
    assert running.stop() == 0


@pytest.fixture
def connect() -> Connect:
    """Return Polysync's connector for a Job."""

    def connector(platform: Platform, job: Job) -> JobConnector:
        context = PluginContext(secrets=NoSecrets(), allow_loopback=True)
        return platform_plugin(platform.type).open(platform, context).job(job.job_type)

    return connector


@pytest.fixture
def submission() -> MakeRequest:
    """Return a request with values that the Job declares."""

    def request(job: Job, token: str, **values: Any) -> SubmitRequest:
        parameters = tuple(Parameter(name=name) for name in values)
        return SubmitRequest(
            job=job.model_copy(update={"parameters": parameters}),
            token=token,
            run_name=f"run {token}",
            parameters=values,
            begun_at=datetime.now(UTC),
        )

    return request
