"""Google's client reads the address of a web server from the simulator."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import NotFound
from google.cloud.orchestration.airflow.service_v1 import EnvironmentsClient
from google.cloud.orchestration.airflow.service_v1.services.environments.transports import (
    EnvironmentsRestTransport,
)
from google.oauth2.credentials import Credentials

from tests.fakes.simulators import SimulatorProcess

PARENT = "projects/acme-data-1/locations/europe-west3/environments"


def test_the_client_reads_an_environment(simulator: SimulatorProcess) -> None:
    transport = EnvironmentsRestTransport(
        host=simulator.url.removeprefix("http://"),
        url_scheme="http",
        credentials=Credentials("anything"),
    )
    client = EnvironmentsClient(transport=transport)

    found = client.get_environment(name=f"{PARENT}/airflow2", timeout=30)

    assert found.config.airflow_uri == f"{simulator.url}/airflow2"
    assert "airflow-2." in found.config.software_config.image_version
    with pytest.raises(NotFound):
        client.get_environment(name=f"{PARENT}/unknown", timeout=30)
