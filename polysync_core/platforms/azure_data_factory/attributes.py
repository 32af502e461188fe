"""Defines the attributes of an Azure Data Factory platform, such as the factory name."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes

_STUDIOS = {
    Cloud.PUBLIC: "adf.azure.com",
    Cloud.US_GOVERNMENT: "adf.azure.us",
    Cloud.CHINA: "adf.azure.cn",
}


class FactoryAttributes(ArmAttributes):
    """`attributes` of an Azure Data Factory platform."""

    factory_name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9](?:-?[A-Za-z0-9]){2,62}$", max_length=63)
    ]
    """The name of the factory."""

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the factory."""
        return self.resource("Microsoft.DataFactory", "factories", self.factory_name)

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page in the studio."""
        factory = quote("/" + "/".join(self.path), safe="/")
        studio = _STUDIOS[self.cloud]
        return f"https://{studio}/en/monitoring/pipelineruns/{run_id}?factory={factory}"
