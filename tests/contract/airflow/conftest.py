"""One simulator of Airflow 3, and the official client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow_client.client import ApiClient, Configuration

from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess("simulators.airflow", tmp_path_factory.mktemp("airflow"))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def api(simulator: SimulatorProcess) -> Iterator[ApiClient]:
    """The connection of the official client, with a token for a password."""
    answer = simulator.call(
        "POST",
        "auth/token",
        {"username": "polysync", "password": "any"},
        **{"Content-Type": "application/json"},
    )
    configuration = Configuration(host=simulator.url, access_token=answer["access_token"])
    with ApiClient(configuration) as client:
        yield client
