"""Reads the resources that deployments would make, as the compiler has evaluated them."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from tests.unit.infra.templates import BICEP, ROOT

FOLDER = BICEP / "snapshots"
NAMES = sorted(path.name.removesuffix(".snapshot.json") for path in FOLDER.glob("*.json"))

REFUSED_BY_FLEX = {
    "alwaysOn",
    "containerSize",
    "ftpsState",
    "functionAppScaleLimit",
    "javaVersion",
    "linuxFxVersion",
    "minimumElasticInstanceCount",
    "netFrameworkVersion",
    "preWarmedInstanceCount",
    "use32BitWorkerProcess",
}
"""https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#deprecated-properties-and-settings"""

LONGEST_NAMES = {
    "Microsoft.Storage/storageAccounts": 24,
    "Microsoft.KeyVault/vaults": 24,
    "Microsoft.Web/sites": 32,
    "Microsoft.Resources/resourceGroups": 90,
    "Microsoft.ManagedIdentity/userAssignedIdentities": 128,
}
WITHOUT_TAGS = re.compile(
    r".*/(config|basicPublishingCredentialsPolicies|blobServices|queueServices|tableServices"
    r"|containers|queues|tables|diagnosticSettings|roleAssignments|taskHubs|retentionPolicies"
    r"|eventSubscriptions|subnets|privateDnsZoneGroups|deployments)",
    re.IGNORECASE,
)
"""The types that have no tags, or whose tags are those of their parent."""


@cache
def resources(name: str) -> list[dict[str, Any]]:
    """Return the resources of a snapshot."""
    return json.loads((FOLDER / f"{name}.snapshot.json").read_text())["predictedResources"]


def of_type(name: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in resources(name) if each["type"].lower() == kind.lower()]


def test_there_are_four_parameter_sets_each_with_a_snapshot() -> None:
    assert NAMES == ["default", "private", "scheduler", "smallest"]
    assert sorted(path.stem for path in FOLDER.glob("*.bicepparam")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_app_has_no_property_that_its_plan_refuses(name: str) -> None:
    (site,) = of_type(name, "Microsoft.Web/sites")

    assert not REFUSED_BY_FLEX & {*site["properties"], *site["properties"]["siteConfig"]}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_unique_and_short_enough(name: str) -> None:
    ids = [each["id"].lower() for each in resources(name)]
    assert len(ids) == len(set(ids))
    checked = 0
    for each in resources(name):
        if (longest := LONGEST_NAMES.get(each["type"])) is not None:
            assert len(each["name"]) <= longest, each["name"]
            checked += 1
    assert checked >= len(LONGEST_NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_that_has_tags_names_its_environment(name: str) -> None:
    untagged = [
        each["id"]
        for each in resources(name)
        if not WITHOUT_TAGS.fullmatch(each["type"])
        and "azd-env-name" not in (each.get("tags") or {})
    ]
    assert untagged == []


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_holds_a_secret(name: str) -> None:
    (settings,) = [
        each for each in of_type(name, "Microsoft.Web/sites/config") if "appsettings" in each["id"]
    ]
    # With the scheduler, the address of the task hub is known at the deployment only, so the
    # compiler leaves an expression.
    text = json.dumps(settings["properties"])
    assert not re.search(r"AccountKey=|sig=|[Pp]assword|SharedAccess|listKeys", text)
    secret_names = re.findall(r"'?\"?(\w*(?:SECRET|PASSWORD|TOKEN)\w*)\"?'?[:,]", text)
    assert secret_names == []


def test_the_private_set_has_no_public_data_service() -> None:
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"):
        found = of_type("private", kind)
        assert found
        assert {each["properties"]["publicNetworkAccess"] for each in found} == {"Disabled"}


@pytest.mark.parametrize("name", NAMES)
def test_keys_of_storage_accounts_are_off(name: str) -> None:
    accounts = of_type(name, "Microsoft.Storage/storageAccounts")

    assert len(accounts) == 2
    assert {each["properties"]["allowSharedKeyAccess"] for each in accounts} == {False}


@pytest.mark.parametrize("name", NAMES)
def test_the_workbook_asks_the_component_of_this_deployment(name: str) -> None:
    (workbook,) = of_type(name, "Microsoft.Insights/workbooks")
    (component,) = of_type(name, "Microsoft.Insights/components")
    content = json.loads(workbook["properties"]["serializedData"])

    assert content["fallbackResourceIds"] == [component["id"]]


def test_the_check_of_the_templates_is_part_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text()
    check = makefile.partition("\ncheck:")[2].partition("\n\n")[0]
    assert "scripts.check_templates" in check
