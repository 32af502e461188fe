"""The workspace takes the logs of every resource that `resourceLogs` asks for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.infra.test_snapshots import NAMES, of_type, resources

STORAGE = ("StorageWrite", "StorageDelete")
SERVICES = tuple(
    f"Microsoft.Storage/storageAccounts/{each}Services" for each in ("blob", "queue", "table")
)
VAULT = {"Microsoft.KeyVault/vaults": {"audit"}}
CHANGES = VAULT | {
    **{each: set(STORAGE) for each in SERVICES},
    "Microsoft.Web/sites": {"AppServiceAuthenticationLogs"},
    "Microsoft.OperationalInsights/workspaces": {"Audit"},
}
ALL = CHANGES | {
    **{each: {"StorageRead", *STORAGE} for each in SERVICES},
    "Microsoft.Web/sites": {"AppServiceAuthenticationLogs", "FunctionAppLogs"},
    "Microsoft.DurableTask/schedulers": {"allLogs"},
}
LOGGED = {"default": VAULT, "smallest": VAULT, "private": CHANGES, "scheduler": ALL}
"""The logs of each parameter set by resource type; `Off` is the default.

https://learn.microsoft.com/azure/azure-monitor/reference/logs-index
"""
WITHOUT_LOGS = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.DurableTask/schedulers/retentionPolicies",
    "Microsoft.DurableTask/schedulers/taskHubs",
    "Microsoft.Insights/actionGroups",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Insights/scheduledQueryRules",
    "Microsoft.Insights/workbooks",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.Resources/resourceGroups",
    # Its services have the logs.
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.Storage/storageAccounts/queueServices/queues",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions",
    "Microsoft.Web/serverfarms",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    "Microsoft.Web/sites/config",
}
OTHERWISE = {
    # Its only logs are failed deliveries, which its metrics count.
    "Microsoft.EventGrid/systemTopics",
    # Its logs are those that the app sends; the workspace has them already.
    "Microsoft.Insights/components",
    # Its only logs are alerts about virtual machines, and there are none.
    "Microsoft.Network/virtualNetworks",
}


def _settings(name: str) -> dict[str, dict[str, Any]]:
    """Return the diagnostic settings by the id of their resource."""
    found = of_type(name, "Microsoft.Insights/diagnosticSettings")
    ids = [
        each["id"].partition("/providers/Microsoft.Insights/diagnosticSettings")[0]
        for each in found
    ]
    assert len(ids) == len(set(ids))
    return dict(zip(ids, found, strict=True))


def _categories(setting: dict[str, Any]) -> set[str]:
    logs = setting["properties"]["logs"]
    assert all(each["enabled"] is True for each in logs)
    return {each.get("category") or each["categoryGroup"] for each in logs}


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_has_the_logs_that_the_parameters_ask_for(name: str) -> None:
    settings = _settings(name)
    for each in resources(name):
        wanted = LOGGED[name].get(each["type"], set())
        found = settings.pop(each["id"], None)
        assert (_categories(found) if found else set()) == wanted, each["id"]
    assert settings == {}


@pytest.mark.parametrize("name", NAMES)
def test_all_logs_go_to_the_workspace_of_the_deployment(name: str) -> None:
    (workspace,) = of_type(name, "Microsoft.OperationalInsights/workspaces")
    targets = {each["properties"]["workspaceId"] for each in _settings(name).values()}

    assert targets == {workspace["id"]}


@pytest.mark.parametrize("name", NAMES)
def test_no_metrics_are_exported(name: str) -> None:
    """Azure keeps the metrics of the platform for 93 days without a charge."""
    assert all("metrics" not in each["properties"] for each in _settings(name).values())


def test_every_type_of_resource_has_logs_or_a_reason_to_have_none() -> None:
    types = {each["type"] for name in NAMES for each in resources(name)}

    assert types == set(ALL) | WITHOUT_LOGS | OTHERWISE
    assert not set(ALL) & (WITHOUT_LOGS | OTHERWISE)


def test_both_accounts_have_all_three_services() -> None:
    ids = " ".join(_settings("scheduler"))
    for account in ("sthost", "stdata"):
        assert set(re.findall(rf"{account}\w+/(\w+)Services", ids)) == {"blob", "queue", "table"}
