"""Defines the attributes of an Apache Airflow platform: server URL and API version."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import unquote

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.outbound.attributes import StandInAttributes, read_attributes
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.urls import read_url


class ApiVersion(StrEnum):
    """The versions of Airflow's REST API."""

    V1 = "v1"
    """The API of Airflow 2."""
    V2 = "v2"
    """The API of Airflow 3."""

    @property
    def airflow(self) -> str:
        """The release of Airflow with this API, for people."""
        return "Airflow 2" if self is ApiVersion.V1 else "Airflow 3"


class AirflowAttributes(StandInAttributes):
    """`attributes` of an Apache Airflow platform."""

    airflow_url: str
    """The address of Airflow's web server, such as `https://airflow.example.com`. It may have a
    path, such as `https://name.astronomer.run/d1234567`."""
    api_version: ApiVersion | None = None
    """The version of the REST API: `v1` for Airflow 2, `v2` for Airflow 3. None asks Airflow."""

    @classmethod
    def of(cls, platform: Platform) -> AirflowAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    def web_server(self, *, allow_loopback: bool) -> tuple[BaseAddress, tuple[str, ...]]:
        """Return the checked address of the web server, and its path; raises `Invalid`."""
        path = "attributes.airflowUrl"
        found = read_url(
            self.airflow_url, path=path, allow_loopback=allow_loopback, allow_port=True
        )
        parts = tuple(unquote(part) for part in found.target.split("/") if part)
        if "?" in found.target:
            raise Invalid.at(path, "has a query: write the address of the web server alone")
        if "api" in parts:
            raise Invalid.at(path, "has the path of the API: remove it from /api on")
        return self.address(found.base, allow_loopback=allow_loopback), parts
