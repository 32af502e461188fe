"""Defines the attributes of Azure OpenAI and Foundry accounts, such as the account URL."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import (
    ArmAttributes,
    AzureAttributes,
    ResourceGroupName,
    SubscriptionId,
)
from polysync_core.platforms.azure.clouds import portal_url

V1 = "v1"
"""The version of the API without a date, whose paths hold no deployment."""

_DOMAINS = {
    Cloud.PUBLIC: "azure.com",
    Cloud.US_GOVERNMENT: "azure.us",
    Cloud.CHINA: "azure.cn",
}

type AccountName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$")
]


class ModelAccountAttributes(AzureAttributes):
    """The attributes of a platform on an account of Azure OpenAI or Foundry."""

    SERVICES: ClassVar[tuple[str, ...]] = ("openai", "cognitiveservices", "services.ai")
    """The services whose hosts an account has."""

    account_url: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """The address of the account, such as `https://sales.openai.azure.com`."""
    subscription_id: SubscriptionId | None = None
    """The id of the subscription; needed to list deployments and for links to the portal."""
    resource_group_name: ResourceGroupName | None = None
    """The name of the resource group; needed with `subscriptionId`."""
    account_name: AccountName | None = None
    """The name of the account as an Azure resource; needed with `subscriptionId`."""

    @property
    def domain(self) -> str:
        """The domain of the cloud, in which all services have their hosts."""
        return _DOMAINS[self.cloud]

    def account_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address of the account; raise `Invalid` with the broken rule."""
        domain = self.domain
        rule = HostRule(
            suffixes=tuple(f".{each}.{domain}" for each in self.SERVICES),
            example=f"https://sales.{self.SERVICES[0]}.{domain}",
            allow_loopback=allow_loopback,
        )
        account = rule.read(self.account_url, path="attributes.accountUrl")
        return self.address(account, allow_loopback=allow_loopback)

    def model_scope(self) -> str:
        """Return the scope of a token for calls to models."""
        return f"https://cognitiveservices.{self.domain}/.default"

    def project_scope(self) -> str:
        """Return the scope of a token for a Foundry project."""
        return f"https://ai.{self.domain}/.default"

    def arm(self) -> ArmAttributes | None:
        """Return the attributes for Azure Resource Manager; None if one is missing."""
        if self.subscription_id is None or self.resource_group_name is None:
            return None
        return ArmAttributes(
            cloud=self.cloud,
            endpoint=self.endpoint,
            subscription_id=self.subscription_id,
            resource_group_name=self.resource_group_name,
        )

    def resource(self, *types_and_names: str) -> tuple[str, ...] | None:
        """Return the path of the account, or of a resource in it; None without its attributes."""
        arm = self.arm()
        if arm is None or self.account_name is None:
            return None
        names = ("accounts", self.account_name, *types_and_names)
        return arm.resource("Microsoft.CognitiveServices", *names)

    @property
    def page(self) -> str | None:
        """The address of the account's page in the portal; None without its attributes."""
        resource = self.resource("overview")
        return (
            None
            if resource is None
            else f"{portal_url(self.cloud)}/#resource/" + "/".join(resource)
        )


class OpenAIAttributes(ModelAccountAttributes):
    """`attributes` of an Azure OpenAI platform."""

    api_version: Annotated[
        str, StringConstraints(pattern=r"^(?:v1|20[0-9]{2}-[01][0-9]-[0-3][0-9](?:-preview)?)$")
    ] = V1
    """The version of the API: `v1`, or a dated version such as `2024-10-21`."""
