"""Defines the attributes of a Google Cloud Composer platform, such as the environment name."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.google.attributes import GoogleAttributes

SUFFIXES = (".composer.googleusercontent.com", ".composer-dev.googleusercontent.com")
_EXAMPLE = "https://0123456789abcdef-dot-europe-west1.composer.googleusercontent.com"


class ComposerAttributes(GoogleAttributes):
    """`attributes` of a Google Cloud Composer platform."""

    environment_name: (
        Annotated[str, StringConstraints(pattern=r"^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?$")] | None
    ) = None
    """The name of the environment, from which the address of its web server is read."""
    airflow_url: str | None = None
    """The address of the web server, such as
    `https://0123456789abcdef-dot-europe-west1.composer.googleusercontent.com`. None reads it from
    the environment."""
    api_version: ApiVersion | None = None
    """The version of the REST API: `v1` for Airflow 2, `v2` for Airflow 3. None detects it."""

    def service_host(self) -> str:
        """Return the host of the Composer API."""
        return "composer.googleapis.com"

    def check(self, *, allow_loopback: bool) -> None:
        """Raise `Invalid` for a wrong address, or if nothing names the web server."""
        self.api_address(allow_loopback=allow_loopback)
        is_given = self.given_web_server() is not None and self.endpoint is None
        if not is_given and self.environment_name is None:
            raise Invalid.at(
                "attributes.environmentName",
                "is required unless airflowUrl is set: set one of them",
            )

    def given_web_server(self) -> BaseAddress | None:
        """Return the checked address in the definition; raises `Invalid`. None if it has none."""
        if self.airflow_url is None:
            return None
        rule = HostRule(suffixes=SUFFIXES, example=_EXAMPLE)
        return rule.read(self.airflow_url, path="attributes.airflowUrl")
