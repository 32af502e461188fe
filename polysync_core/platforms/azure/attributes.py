"""Defines the attributes that all Azure platforms share, such as cloud and subscription."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, simulator_address
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.clouds import management_address

GUID = r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_GROUP = r"^[A-Za-z0-9_().-]{1,90}$"


def _check_group(text: str) -> str:
    if text.endswith("."):
        raise ValueError("a resource group's name must not end with a full stop")
    return text


type Guid = Annotated[str, StringConstraints(pattern=GUID)]
type SubscriptionId = Guid
type ResourceGroupName = Annotated[
    str, StringConstraints(pattern=_GROUP), AfterValidator(_check_group)
]
type SiteName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?$")
]
"""The name of an App Service app, the first label of its host name."""


class AzureAttributes(Value):
    """The `attributes` that every Azure platform accepts."""

    cloud: Cloud = Cloud.PUBLIC
    """The Azure cloud of the resource."""
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    def address(self, service: BaseAddress, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to a service: the simulator's, if one is set."""
        if self.endpoint is None:
            return service
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)


class ArmAttributes(AzureAttributes):
    """The attributes of a platform that is an Azure resource."""

    subscription_id: SubscriptionId
    """The id of the subscription, such as `00000000-0000-0000-0000-000000000000`."""
    resource_group_name: ResourceGroupName
    """The name of the resource group."""

    def management_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to Azure Resource Manager."""
        return self.address(management_address(self.cloud), allow_loopback=allow_loopback)

    def resource(self, provider: str, *types_and_names: str) -> tuple[str, ...]:
        """Return the path of a resource, such as of `Microsoft.Web`, `sites`, a name."""
        return (
            "subscriptions",
            self.subscription_id,
            "resourceGroups",
            self.resource_group_name,
            "providers",
            provider,
            *types_and_names,
        )


def check_azure_platform(
    platform: Platform, attributes: type[AzureAttributes], *, allow_loopback: bool
) -> list[Problem]:
    """Return the problems of a platform's attributes."""
    try:
        given = attributes.of(platform)
        given.address(management_address(given.cloud), allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []
