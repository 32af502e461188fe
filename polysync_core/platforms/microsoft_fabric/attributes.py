"""Defines the attributes of a Microsoft Fabric platform, such as the workspace id."""

from __future__ import annotations

from pydantic import field_validator

from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import AzureAttributes, Guid
from polysync_core.platforms.azure.clouds import public_address

_HOST = "api.fabric.microsoft.com"
SCOPE = f"https://{_HOST}/.default"
"""The scope of a token for Fabric."""


class FabricAttributes(AzureAttributes):
    """`attributes` of a Microsoft Fabric platform."""

    fabric_workspace_id: Guid
    """The id of the workspace: the part after `groups/` in the address of its page."""
    cloud: Cloud = Cloud.PUBLIC
    """Only `AzurePublic`: Fabric has no address in another cloud."""

    @field_validator("cloud")
    @classmethod
    def _check_cloud(cls, cloud: Cloud) -> Cloud:
        if cloud is not Cloud.PUBLIC:
            raise ValueError("Microsoft Fabric is in the cloud AzurePublic only: remove the field")
        return cloud

    def service_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to Fabric."""
        return self.address(public_address(_HOST), allow_loopback=allow_loopback)
