"""Tests of the names, types and providers of a deployment, against the snapshots."""

from __future__ import annotations

import re

import pytest

from polysync_core.cli.azure.deployment import (
    Deployment,
    deployment_of_azd,
    global_names,
    same_region,
)
from polysync_core.cli.azure.unique_string import unique_string
from tests.unit.infra.test_snapshots import of_type, resources
from tests.unit.scripts.azure_subscription import SUBSCRIPTION

SETS = {
    "default": Deployment(environment="dev", location="westeurope", subscription=None),
    "private": Deployment(
        environment="private",
        location="westeurope",
        subscription=None,
        is_private=True,
        receives_file_events=True,
    ),
    "scheduler": Deployment(
        environment="prod",
        location="westeurope",
        subscription=None,
        uses_scheduler=True,
        receives_file_events=True,
    ),
    "smallest": Deployment(environment="small", location="northeurope", subscription=None),
}
ALWAYS_REGISTERED = {"Microsoft.Authorization", "Microsoft.Resources"}
OPTIONAL = {"Microsoft.Insights/actionGroups"}
"""The types that only some deployments without the other options have."""


@pytest.mark.parametrize("name", SETS)
def test_the_derived_names_are_those_of_the_template(name: str) -> None:
    deployment = SETS[name]
    assert deployment.location is not None
    names = global_names(deployment.environment, deployment.location, SUBSCRIPTION)

    for kind, expected in names.items():
        assert sorted(each["name"] for each in of_type(name, kind)) == sorted(expected)
    (group,) = of_type(name, "Microsoft.Resources/resourceGroups")
    assert group["name"] == deployment.group


@pytest.mark.parametrize("name", SETS)
def test_the_types_are_those_of_the_template(name: str) -> None:
    types = {re.sub(r"^([^/]+/[^/]+)/.*", r"\1", each["type"]) for each in resources(name)}
    created = {each for each in types if each.partition("/")[0] not in ALWAYS_REGISTERED}

    assert created - {"Microsoft.Insights/diagnosticSettings"} | OPTIONAL == set(SETS[name].types)


def test_a_delegated_subnet_needs_its_provider() -> None:
    (network,) = of_type("private", "Microsoft.Network/virtualNetworks")
    delegations = re.findall(r"'serviceName': '([\w.]+)/", str(network))

    assert delegations
    assert set(delegations) <= set(SETS["private"].providers)
    assert "Microsoft.App" not in SETS["default"].providers


def test_the_variables_of_azd_describe_the_deployment() -> None:
    variables = {
        "AZURE_ENV_NAME": "prod",
        "AZURE_LOCATION": "uksouth",
        "AZURE_SUBSCRIPTION_ID": "",
        "AZURE_TENANT_ID": "tenant-1",
        "POLYSYNC_BACKEND": "DurableTaskScheduler",
        "POLYSYNC_PRIVATE_NETWORKING": "True",
        "POLYSYNC_VAULT_RECOVER": "false",
    }

    assert deployment_of_azd(variables) == Deployment(
        environment="prod",
        location="uksouth",
        subscription=None,
        tenant="tenant-1",
        uses_scheduler=True,
        is_private=True,
    )


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [("West Europe", "westeurope", True), ("westeurope", "westeurope2", False)],
)
def test_a_region_has_two_spellings(first: str, second: str, same: bool) -> None:
    assert same_region(first, second) is same


@pytest.mark.parametrize("length", range(1, 20))
def test_every_length_of_text_gives_thirteen_letters_and_digits(length: int) -> None:
    found = unique_string("a" * length)

    assert re.fullmatch("[a-z2-7]{13}", found)
    assert found != unique_string("a" * (length + 1))
