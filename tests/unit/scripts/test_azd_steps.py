"""The steps around `azd up` and `azd down`, against a fake of `az` and `azd`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.azd_steps import main
from scripts.register import AZURE_CLI
from tests.unit.scripts.azure_subscription import SUBSCRIPTION
from tests.unit.scripts.azure_tenant import CLIENT_ID, Tenant

ROOT = Path(__file__).parents[3]
URL = "https://func-1.azurewebsites.net/api"
CALLBACK = "https://func-1.azurewebsites.net/.auth/login/aad/callback"


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_azd_stores_the_client_id(tenant: Tenant) -> None:
    assert main(["before-up"], {"AZURE_ENV_NAME": "dev"}, tenant) == 0

    assert list(tenant.applications) == ["polysync-dev"]
    assert tenant.azd == {
        "POLYSYNC_AUTH_CLIENT_ID": CLIENT_ID,
        "POLYSYNC_AUTH_ALLOWED_APPLICATIONS": AZURE_CLI,
    }


def test_a_second_run_registers_nothing(tenant: Tenant) -> None:
    variables = {"AZURE_ENV_NAME": "dev", "POLYSYNC_AUTH_CLIENT_ID": "another"}

    assert main(["before-up"], variables, tenant) == 0

    assert (tenant.applications, tenant.azd) == ({}, {})


def test_an_interrupted_first_run_is_completed(tenant: Tenant) -> None:
    tenant.failure = "az: timed out"
    assert main(["before-up"], {"AZURE_ENV_NAME": "dev"}, tenant) == 1
    tenant.failure = None

    assert main(["before-up"], {"AZURE_ENV_NAME": "dev"}, tenant) == 0

    assert tenant.azd["POLYSYNC_AUTH_CLIENT_ID"] == CLIENT_ID


def test_allowed_applications_of_the_user_are_kept(tenant: Tenant) -> None:
    variables = {"AZURE_ENV_NAME": "dev", "POLYSYNC_AUTH_ALLOWED_APPLICATIONS": "a,b"}

    assert main(["before-up"], variables, tenant) == 0

    assert list(tenant.azd) == ["POLYSYNC_AUTH_CLIENT_ID"]


@pytest.mark.parametrize(
    "known", [{"AZURE_TENANT_ID": "tenant-2"}, {"AZURE_SUBSCRIPTION_ID": "subscription-2"}]
)
def test_a_registration_in_another_tenant_is_refused(
    tenant: Tenant, known: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    account = tenant.subscription.account | {"id": "subscription-2", "homeTenantId": "tenant-2"}
    tenant.subscription.others["subscription-2"] = account

    assert main(["before-up"], {"AZURE_ENV_NAME": "dev"} | known, tenant) == 1

    assert "az login --tenant tenant-2" in capsys.readouterr().err
    assert tenant.applications == {}


CHOSEN = {
    "AZURE_ENV_NAME": "dev",
    "AZURE_LOCATION": "westeurope",
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
}


@pytest.mark.parametrize(
    ("variables", "providers"),
    [
        ({"POLYSYNC_PRIVATE_NETWORKING": "true"}, {"Microsoft.App", "Microsoft.Network"}),
        ({"POLYSYNC_PRIVATE_NETWORKING": "false"}, set()),
        ({"POLYSYNC_BACKEND": "DurableTaskScheduler"}, {"Microsoft.DurableTask"}),
        ({}, set()),
    ],
)
def test_missing_providers_are_registered(
    tenant: Tenant, variables: dict[str, str], providers: set[str]
) -> None:
    for each in ("Microsoft.App", "Microsoft.DurableTask", "Microsoft.Network", "Microsoft.Web"):
        tenant.subscription.providers[each] = "NotRegistered"

    assert main(["before-up"], CHOSEN | variables, tenant) == 0

    assert set(tenant.subscription.registered_now) == providers | {"Microsoft.Web"}


def test_nothing_is_registered_in_a_subscription_that_is_not_chosen_yet(tenant: Tenant) -> None:
    tenant.subscription.providers = {}

    assert main(["before-up"], {"AZURE_ENV_NAME": "dev"}, tenant) == 0

    assert tenant.subscription.registered_now == []


def test_a_failed_check_stops_azd_before_it_creates_anything(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.subscription.flex = []

    assert main(["before-up"], CHOSEN, tenant) == 1

    printed = capsys.readouterr().err
    assert "failed: Flex Consumption: westeurope does not offer it" in printed
    assert tenant.applications == {}


def test_the_hooks_need_the_standard_library_only() -> None:
    """Azd runs them with the Python of the user."""
    code = "import scripts.azd_steps, scripts.choose_backend, scripts.register"
    # -S leaves out the installed packages.
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_people_in_browsers_are_sent_back_to_the_app(tenant: Tenant) -> None:
    variables = {"AZURE_ENV_NAME": "dev", "POLYSYNC_URL": URL}
    main(["before-up"], variables, tenant)
    tenant.applications["polysync-dev"]["web"]["redirectUris"] = ["https://other/callback"]

    for _ in range(2):
        assert main(["after-provision"], variables, tenant) == 0

    assert tenant.applications["polysync-dev"]["web"] == {
        "redirectUris": ["https://other/callback", CALLBACK],
        "implicitGrantSettings": {"enableIdTokenIssuance": True},
    }


def test_the_end_of_azd_up_names_the_console_and_the_result_of_the_smoke_test(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {"POLYSYNC_URL": URL, "POLYSYNC_AUTH_CLIENT_ID": CLIENT_ID}

    assert main(["after-up"], variables, tenant) == 0

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Console: https://func-1.azurewebsites.net/console/"
    assert printed[-1] == "ok"
    assert tenant.smoked == [URL]
    assert os.environ["POLYSYNC_TOKEN"] == "a-token"


def test_the_end_of_azd_down_names_what_remains(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = {"AZURE_ENV_NAME": "dev", "POLYSYNC_AUTH_CLIENT_ID": CLIENT_ID}

    assert main(["after-down"], variables, tenant) == 0

    printed = capsys.readouterr().out
    assert f"az ad app delete --id {CLIENT_ID}" in printed
    assert "POLYSYNC_VAULT_RECOVER true" in printed


@pytest.mark.parametrize("arguments", [[], ["up"], ["before-up", "more"]])
def test_an_unknown_step_names_the_steps(
    tenant: Tenant, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, {}, tenant) == 2
    assert "before-up, after-provision, after-up, after-down" in capsys.readouterr().err


def test_a_step_outside_azd_names_the_missing_variable(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["after-provision"], {}, tenant) == 2
    assert "AZURE_ENV_NAME" in capsys.readouterr().err
