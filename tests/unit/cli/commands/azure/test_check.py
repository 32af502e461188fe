"""Tests of `polysync azure check`: its options, its output and its exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.scripts.azure_subscription import CONTRIBUTOR
from tests.unit.scripts.azure_tenant import Tenant

OPTIONS = ("--location", "westeurope")


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    for name in ("AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID", "POLYSYNC_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    fake = Tenant()
    monkeypatch.setattr("polysync_core.cli.azure.programs.run", fake)
    return fake


def test_a_ready_subscription_ends_with_exit_code_0(polysync: Invoke, tenant: Tenant) -> None:
    result = polysync("azure", "check", "dev", *OPTIONS)

    assert result.exit_code == 0
    assert "0 failed" in result.stdout
    assert tenant.calls > 0


def test_a_failed_check_ends_with_exit_code_1_and_its_remedy(
    polysync: Invoke, tenant: Tenant
) -> None:
    tenant.subscription.permissions = [CONTRIBUTOR]

    result = polysync("azure", "check", "dev", *OPTIONS, "--json")

    assert result.exit_code == 1
    items: list[Any] = json.loads(result.stdout)["items"]
    (failed,) = [each for each in items if each["outcome"] == "failed"]
    assert failed["subject"] == "right to assign roles"
    assert "az role assignment create" in failed["detail"]


@pytest.mark.parametrize(
    ("options", "variables", "providers"),
    [
        ([], {}, set()),
        (["--backend", "DurableTaskScheduler"], {}, {"Microsoft.DurableTask"}),
        (["--private-networking"], {}, {"Microsoft.App", "Microsoft.Network"}),
        ([], {"POLYSYNC_BACKEND": "DurableTaskScheduler"}, {"Microsoft.DurableTask"}),
        ([], {"POLYSYNC_PRIVATE_NETWORKING": "true"}, {"Microsoft.App", "Microsoft.Network"}),
        ([], {"POLYSYNC_PRIVATE_NETWORKING": "false"}, set()),
    ],
)
def test_options_and_the_variables_of_azd_choose_the_checks(
    polysync: Invoke,
    tenant: Tenant,
    options: list[str],
    variables: dict[str, str],
    providers: set[str],
) -> None:
    for each in ("Microsoft.App", "Microsoft.DurableTask", "Microsoft.Network"):
        del tenant.subscription.providers[each]

    result = polysync("azure", "check", "dev", *OPTIONS, *options, "--json", env=variables)

    items: list[Any] = json.loads(result.stdout)["items"]
    failed = {each["subject"] for each in items if each["outcome"] == "failed"}
    assert failed == {f"provider {each}" for each in providers}


def test_vault_recovery_is_an_option(polysync: Invoke, tenant: Tenant) -> None:
    tenant.subscription.deleted_vaults = ["kv-2tq344kw2w2da"]

    assert polysync("azure", "check", "dev", *OPTIONS).exit_code == 1
    assert polysync("azure", "check", "dev", *OPTIONS, "--vault-recover").exit_code == 0


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "dev;rm", "../dev"])
def test_a_name_that_the_template_refuses_is_refused(
    polysync: Invoke, tenant: Tenant, name: str
) -> None:
    result = polysync("azure", "check", name, *OPTIONS)

    assert result.exit_code == 2
    assert "1 to 40 letters" in result.stderr
    assert tenant.calls == 0
