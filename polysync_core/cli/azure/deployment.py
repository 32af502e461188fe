"""Determines the Azure resource names, resource types and providers of a future deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.cli.azure.unique_string import unique_string

_TYPES = (
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/components",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.Insights/workbooks",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Web/serverfarms",
    "Microsoft.Web/sites",
)
_SCHEDULER_TYPES = ("Microsoft.DurableTask/schedulers",)
_PRIVATE_TYPES = (
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/virtualNetworks",
)
_FILE_EVENT_TYPES = ("Microsoft.EventGrid/systemTopics",)
_PROVIDER_OF_DELEGATED_SUBNETS = "Microsoft.App"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The parameters of a deployment that decide about its needs."""

    environment: str
    location: str | None
    subscription: str | None
    """None means the default subscription of `az`."""
    tenant: str | None = None
    """The tenant that azd uses, if it is known."""
    uses_scheduler: bool = False
    is_private: bool = False
    receives_file_events: bool = False
    recovers_vault: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types of the resources that the template creates."""
        return (
            *_TYPES,
            *(_SCHEDULER_TYPES if self.uses_scheduler else ()),
            *(_PRIVATE_TYPES if self.is_private else ()),
            *(_FILE_EVENT_TYPES if self.receives_file_events else ()),
        )

    @property
    def providers(self) -> list[str]:
        """Return the resource providers that the subscription must have registered."""
        found = {each.partition("/")[0] for each in self.types}
        # A delegation needs its provider, and Resource Manager registers only those of resources.
        return sorted(found | ({_PROVIDER_OF_DELEGATED_SUBNETS} if self.is_private else set()))

    @property
    def group(self) -> str:
        """Return the name of the resource group."""
        return f"rg-polysync-{self.environment}"


def deployment_of_azd(variables: Mapping[str, str]) -> Deployment:
    """Return the deployment that the variables of an azd environment describe."""
    return Deployment(
        environment=variables["AZURE_ENV_NAME"],
        location=variables.get("AZURE_LOCATION") or None,
        subscription=variables.get("AZURE_SUBSCRIPTION_ID") or None,
        tenant=variables.get("AZURE_TENANT_ID") or None,
        uses_scheduler=variables.get("POLYSYNC_BACKEND") == "DurableTaskScheduler",
        is_private=variables.get("POLYSYNC_PRIVATE_NETWORKING", "").lower() == "true",
        recovers_vault=variables.get("POLYSYNC_VAULT_RECOVER", "").lower() == "true",
    )


def same_region(first: str, second: str) -> bool:
    """Return whether two names mean one region: `West Europe` is `westeurope`."""
    return first.replace(" ", "").lower() == second.replace(" ", "").lower()


def global_names(environment: str, location: str, subscription: str) -> dict[str, list[str]]:
    """Return the names that must be free in all of Azure, by resource type.

    infra/bicep/main.bicep derives them in the same way.
    """
    token = unique_string(f"/subscriptions/{subscription}", environment, location)
    return {
        "Microsoft.Storage/storageAccounts": [f"stdata{token}", f"sthost{token}"],
        "Microsoft.KeyVault/vaults": [f"kv-{token}"],
        "Microsoft.Web/sites": [f"func-polysync-{token}"],
    }
