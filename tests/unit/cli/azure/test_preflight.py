"""Tests of the checks before a deployment, against recorded answers of `az`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from polysync_core.cli.azure.deployment import Deployment
from polysync_core.cli.azure.preflight import check_deployment
from polysync_core.cli.azure.programs import ProgramFailed, ProgramMissing
from polysync_core.cli.diagnosis.check import CheckStatus
from tests.unit.scripts.azure_subscription import (
    ACCESS_ADMINISTRATOR,
    CONTRIBUTOR,
    EVERYTHING,
    FOREIGN,
    OWNER,
    READER,
    SUBSCRIPTION,
)
from tests.unit.scripts.azure_tenant import Tenant

PLAIN = replace(EVERYTHING, uses_scheduler=False, is_private=False)
VAULT = "kv-2tq344kw2w2da"
NAMES = ["func-polysync-2tq344kw2w2da", VAULT, "stdata2tq344kw2w2da", "sthost2tq344kw2w2da"]


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def problems(tenant: Tenant, deployment: Deployment = EVERYTHING) -> dict[str, str]:
    """Return the failed checks and warnings, by their subjects."""
    checks = list(check_deployment(deployment, tenant))
    return {each.subject: each.detail for each in checks if each.outcome is not CheckStatus.OK}


def test_a_subscription_that_is_ready_has_only_good_results(tenant: Tenant) -> None:
    checks = list(check_deployment(EVERYTHING, tenant))

    assert {each.outcome for each in checks} == {CheckStatus.OK}
    subjects = {each.subject for each in checks}
    assert {f"provider {each}" for each in EVERYTHING.providers} < subjects
    assert {"sign-in", "tenant", "right to assign roles", "Flex Consumption"} < subjects
    assert {f"name {each}" for each in NAMES} < subjects
    assert tenant.subscription.registered_now == []


def test_a_missing_program_and_a_missing_sign_in_end_the_checks(tenant: Tenant) -> None:
    tenant.subscription.broken = {"account show": ProgramMissing("az is not installed")}
    assert problems(tenant) == {
        "sign-in": "az is not installed: install the Azure CLI (https://aka.ms/azure-cli)."
    }

    failure = ProgramFailed("az: Please run 'az login' to setup account.")
    tenant.subscription.broken = {"account show": failure}
    (detail,) = problems(tenant).values()
    assert "Run `az login`" in detail


def test_an_unknown_subscription_names_the_sign_in(tenant: Tenant) -> None:
    (detail,) = problems(tenant, replace(EVERYTHING, subscription=FOREIGN)).values()

    assert FOREIGN in detail
    assert "az login" in detail


@pytest.mark.parametrize(
    ("changes", "tenant_of_azd", "wanted"),
    [
        ({"homeTenantId": "tenant-2"}, None, "tenant-2"),
        ({}, "tenant-3", "tenant-3"),
        ({"homeTenantId": None, "tenantId": "tenant-2"}, None, None),
        ({"homeTenantId": "TENANT-1"}, None, None),
    ],
)
def test_az_must_be_signed_in_to_the_tenant_of_the_subscription(
    tenant: Tenant, changes: dict[str, str], tenant_of_azd: str | None, wanted: str | None
) -> None:
    tenant.subscription.account |= changes
    found = problems(tenant, replace(EVERYTHING, tenant=tenant_of_azd))

    if wanted is None:
        assert found == {}
    else:
        assert list(found) == ["tenant"]
        assert f"`az login --tenant {wanted}`" in found["tenant"]


def test_a_subscription_of_another_tenant_is_found_by_its_id(tenant: Tenant) -> None:
    other = tenant.subscription.account | {"id": FOREIGN, "homeTenantId": "tenant-2"}
    tenant.subscription.others[FOREIGN] = other
    tenant.subscription.broken = {"rest": "[]"}

    assert (
        "az login --tenant tenant-2"
        in problems(tenant, replace(EVERYTHING, subscription=FOREIGN))["tenant"]
    )


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("Enabled", CheckStatus.OK),
        ("PastDue", CheckStatus.WARNING),
        ("Disabled", CheckStatus.FAILED),
        ("Deleted", CheckStatus.FAILED),
    ],
)
def test_a_subscription_must_accept_deployments(
    tenant: Tenant, state: str, outcome: CheckStatus
) -> None:
    tenant.subscription.account["state"] = state

    found = {each.subject: each for each in check_deployment(EVERYTHING, tenant)}

    assert found["subscription"].outcome is outcome


def test_contributor_and_user_access_administrator_together_suffice(tenant: Tenant) -> None:
    tenant.subscription.permissions = [READER, CONTRIBUTOR, ACCESS_ADMINISTRATOR]

    assert problems(tenant) == {}


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([], {"right to create": "Contributor", "right to assign roles": "User Access Admin"}),
        ([READER], {"right to create": "Contributor", "right to assign roles": "User Access"}),
        ([CONTRIBUTOR], {"right to assign roles": "User Access Administrator"}),
        ([ACCESS_ADMINISTRATOR], {"right to create": "Contributor"}),
        (
            [{"actions": ["*"], "notActions": ["microsoft.storage/storageaccounts/*"]}],
            {"right to create": "Microsoft.Storage/storageAccounts/write"},
        ),
    ],
)
def test_missing_rights_name_the_role_and_the_command(
    tenant: Tenant, held: list[dict[str, object]], missing: dict[str, str]
) -> None:
    tenant.subscription.permissions = held

    found = problems(tenant)

    assert set(found) == set(missing)
    for subject, word in missing.items():
        assert word in found[subject]
        assert "az role assignment create --assignee ann@example.org" in found[subject]
        assert f"--scope /subscriptions/{SUBSCRIPTION}" in found[subject]


def test_only_the_types_of_the_deployment_need_rights(tenant: Tenant) -> None:
    no_network = {"actions": ["*"], "notActions": ["Microsoft.Network/*"]}
    tenant.subscription.permissions = [no_network]

    assert problems(tenant, PLAIN) == {}
    assert list(problems(tenant)) == ["right to create"]


@pytest.mark.parametrize("namespace", EVERYTHING.providers)
@pytest.mark.parametrize("state", ["NotRegistered", "Registering", None])
def test_an_unregistered_provider_names_its_command(
    tenant: Tenant, namespace: str, state: str | None
) -> None:
    if state is None:
        del tenant.subscription.providers[namespace]
    else:
        tenant.subscription.providers[namespace] = state

    found = problems(tenant)

    assert list(found) == [f"provider {namespace}"]
    command = f"`az provider register --namespace {namespace} --wait --subscription {SUBSCRIPTION}`"
    assert command in found[f"provider {namespace}"]


def test_a_provider_that_the_deployment_does_not_use_may_be_unregistered(tenant: Tenant) -> None:
    for each in set(EVERYTHING.providers) - set(PLAIN.providers):
        tenant.subscription.providers[each] = "NotRegistered"

    assert problems(tenant, PLAIN) == {}


def test_a_region_without_the_plan_or_the_scheduler_names_the_others(tenant: Tenant) -> None:
    tenant.subscription.flex = ["northeurope"]
    tenant.subscription.scheduler_regions = []

    found = problems(tenant)

    assert set(found) == {"Flex Consumption", "Durable Task Scheduler"}
    assert "northeurope" in found["Flex Consumption"]
    assert "azd env set AZURE_LOCATION" in found["Flex Consumption"]
    assert list(problems(tenant, PLAIN)) == ["Flex Consumption"]


def test_without_a_region_the_rest_is_checked(tenant: Tenant) -> None:
    tenant.subscription.permissions = [CONTRIBUTOR]

    found = problems(tenant, replace(EVERYTHING, location=None))

    assert set(found) == {"right to assign roles", "region", "names"}
    assert tenant.subscription.asked_names == []


def test_a_resource_group_of_the_environment_is_updated(tenant: Tenant) -> None:
    tags = {"azd-env-name": "dev", "team": "data"}
    tenant.subscription.groups = [
        {"name": "other", "location": "uksouth", "tags": None},
        {"name": "RG-polysync-DEV", "location": "westeurope", "tags": tags},
    ]

    assert problems(tenant) == {}


@pytest.mark.parametrize(
    ("location", "tags", "command"),
    [
        ("westeurope", None, "azd env new"),
        ("westeurope", {}, "azd env new"),
        ("westeurope", {"azd-env-name": "prod"}, "azd env new"),
        ("northeurope", {"azd-env-name": "dev"}, "azd env set AZURE_LOCATION northeurope"),
    ],
)
def test_a_resource_group_of_another_environment_or_region_is_refused(
    tenant: Tenant, location: str, tags: dict[str, str] | None, command: str
) -> None:
    tenant.subscription.groups = [{"name": "rg-polysync-dev", "location": location, "tags": tags}]

    found = problems(tenant)

    assert list(found) == ["resource group"]
    assert command in found["resource group"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_another_resource_has_is_refused(tenant: Tenant, name: str) -> None:
    tenant.subscription.taken[name] = f"The name {name} is already taken."

    found = problems(tenant)

    assert list(found) == [f"name {name}"]
    assert "is already taken" in found[f"name {name}"]
    assert "azd env new" in found[f"name {name}"]


def test_the_names_of_the_environment_itself_are_no_clash(tenant: Tenant) -> None:
    tenant.subscription.own = [each.upper() for each in NAMES]

    assert problems(tenant) == {}
    assert tenant.subscription.asked_names == []


def test_a_deleted_vault_of_the_name_must_be_recovered(tenant: Tenant) -> None:
    tenant.subscription.deleted_vaults = ["kv-other", VAULT]

    found = problems(tenant)

    assert list(found) == ["deleted vault"]
    assert "azd env set POLYSYNC_VAULT_RECOVER true" in found["deleted vault"]
    assert VAULT not in tenant.subscription.asked_names
    assert problems(tenant, replace(EVERYTHING, recovers_vault=True)) == {}


@pytest.mark.parametrize(("own", "fails"), [([], True), ([VAULT], False)])
def test_a_vault_that_does_not_exist_cannot_be_recovered(
    tenant: Tenant, own: list[str], fails: bool
) -> None:
    tenant.subscription.own = own

    found = problems(tenant, replace(EVERYTHING, recovers_vault=True))

    assert list(found) == ["deleted vault"] * fails
    if fails:
        assert "azd env set POLYSYNC_VAULT_RECOVER false" in found["deleted vault"]


COMMANDS = {
    "rest --method GET": "rights",
    "provider list": "providers",
    "functionapp list-flexconsumption-locations": "region",
    "provider show": "region",
    "group list": "resource group",
    "resource list": "names",
    "keyvault list-deleted": "names",
    "rest --method POST": "names",
}


@pytest.mark.parametrize(
    "answer", ["", "<html>", "7", '"text"', "[7]", '[{"name": 7}]', '[{"":0}]']
)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreadable_answer_fails_its_check_and_no_other(
    tenant: Tenant, command: str, answer: str
) -> None:
    tenant.subscription.broken[command] = answer
    found = problems(tenant)

    assert list(found) == [COMMANDS[command]]
    assert "az upgrade" in found[COMMANDS[command]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_fails_is_named_with_its_reason(tenant: Tenant, command: str) -> None:
    tenant.subscription.broken[command] = ProgramFailed("az: (AuthorizationFailed) not allowed")

    found = problems(tenant)

    assert list(found) == [COMMANDS[command]]
    assert "AuthorizationFailed" in found[COMMANDS[command]]


@pytest.mark.parametrize("answer", ["", "[]", "{}", json.dumps({"id": 1}), "null"])
def test_an_unreadable_account_ends_the_checks(tenant: Tenant, answer: str) -> None:
    tenant.subscription.broken = {"account show": answer}

    found = problems(tenant)

    assert list(found) == ["sign-in"]
    assert "az upgrade" in found["sign-in"]


def test_an_owner_of_everything_needs_no_other_role(tenant: Tenant) -> None:
    tenant.subscription.permissions = [{"actions": OWNER["actions"]}]

    assert problems(tenant) == {}
