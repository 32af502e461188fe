"""One simulator per module, Google's clients for it, and Polysync's connectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.platforms.connector import JobConnector, Report, SubmitRequest
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.contract.connectors.cases.google_vertex_ai import a_job, platform_of
from tests.fakes.simulators import SimulatorProcess

TIME_LIMIT = 60
REGION = "projects/acme-data-1/locations/europe-west3"


class NoSecrets:
    """The secrets of a platform that needs none."""

    def resolve(self, reference: str) -> Any:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


class Region:
    """A region on the simulator, with Polysync's connectors to it."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator = simulator

    def transport[T](self, kind: Callable[..., T]) -> T:
        """Return a transport of Google's clients to the simulator, over plain HTTP."""
        return kind(
            host=self.simulator.url.removeprefix("http://"),
            credentials=Credentials("anything"),
            url_scheme="http",
        )

    def connector(self, job_type: JobType) -> JobConnector:
        kind = "GoogleDataflow" if "Dataflow" in job_type else "GoogleVertexAI"
        context = PluginContext(secrets=NoSecrets(), allow_loopback=True)
        platform = platform_of(self.simulator, kind)
        return platform_plugin(kind).open(platform, context).job(job_type)

    def submit(self, job: Job, token: str, **values: Any) -> str:
        """Start a run, and return its external id."""
        request = SubmitRequest(
            job=job,
            token=token,
            run_name=f"run {token}",
            parameters=values,
            begun_at=datetime.now(UTC),
        )
        return self.connector(JobType(job.job_type)).submit(request).external_run_id

    def ended(self, job: Job, run_id: str) -> Report:
        """Poll a run until its end."""
        connector = self.connector(JobType(job.job_type))
        return until(lambda: connector.read(job, run_id), lambda report: report.status.is_final)


def until[T](poll: Callable[[], T], done: Callable[[T], bool]) -> T:
    deadline = time.monotonic() + TIME_LIMIT
    while not done(found := poll()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def job_with(
    job_type: JobType, external_id: str, types: dict[str, DataType], **settings: Any
) -> Job:
    job = a_job(job_type, external_id, **settings)
    parameters = tuple(Parameter(name=name, data_type=each) for name, each in types.items())
    return job.model_copy(update={"parameters": parameters})


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("google")
    options = ("--start-seconds", "0.02", "--run-seconds", "0.02", "--page-size", "2")
    simulator = SimulatorProcess("simulators.google_cloud", folder, *options)
    yield Region(simulator)
    assert simulator.stop() == 0
