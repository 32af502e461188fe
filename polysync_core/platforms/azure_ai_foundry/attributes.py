"""Defines the attributes of an Azure AI Foundry platform, such as the workspace name."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes

PROVIDER = "Microsoft.MachineLearningServices"

# Source: `azure-ai-ml`, where the studio is a token audience.
_STUDIOS = {
    Cloud.PUBLIC: "ml.azure.com",
    Cloud.US_GOVERNMENT: "ml.azure.us",
    Cloud.CHINA: "ml.azure.cn",
}
_ENVIRONMENT = re.compile(r"(?:azureml:)?(?P<name>[A-Za-z0-9][\w.-]{0,254}):(?P<version>[\w.-]+)")


class FoundryAttributes(ArmAttributes):
    """`attributes` of an Azure AI Foundry platform."""

    workspace_name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$", max_length=33)
    ]
    """The name of the workspace."""

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the workspace."""
        return self.resource(PROVIDER, "workspaces", self.workspace_name)

    def part(self, *types_and_names: str) -> str:
        """Return the Azure Resource Manager id of a resource in the workspace."""
        return "/" + "/".join((*self.path, *types_and_names))

    def compute_id(self, name: str) -> str:
        """Return the id of a compute target of the workspace."""
        return self.part("computes", name)

    def environment_id(self, text: str) -> str:
        """Return the id of `azureml:<name>:<version>`; a registry id stays as it is."""
        found = _ENVIRONMENT.fullmatch(text)
        if found is None:
            return text
        return self.part("environments", found["name"], "versions", found["version"])

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page in the studio."""
        client = quote(self.part(), safe="/")
        return f"https://{_STUDIOS[self.cloud]}/runs/{run_id}?wsid={client}"
