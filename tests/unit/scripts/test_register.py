"""The registration in Entra is created once and then updated."""

from __future__ import annotations

import json

import pytest

from polysync_core.cli.azure.programs import ProgramFailed, run
from scripts.register import (
    AZURE_CLI,
    SCOPE,
    Graph,
    main,
    register,
)
from tests.unit.scripts.azure_tenant import CLIENT_ID, Tenant

pytestmark = pytest.mark.slow


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_the_registration_has_roles_a_scope_and_no_secret(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev"], {}, tenant) == 0

    (application,) = tenant.applications.values()
    assert capsys.readouterr().out == f"{CLIENT_ID}\n"
    assert [role["value"].partition(".")[2] for role in application["appRoles"]] == [
        "Reader",
        "Operator",
        "Administrator",
    ]
    assert application["identifierUris"] == [f"api://{CLIENT_ID}"]
    assert application["api"]["requestedAccessTokenVersion"] == 2
    assert application["api"]["preAuthorizedApplications"] == [
        {"appId": AZURE_CLI, "delegatedPermissionIds": [SCOPE]}
    ]
    assert "passwordCredentials" not in application
    assert tenant.enterprises[CLIENT_ID]["appRoleAssignmentRequired"] is True


def test_the_person_who_registers_becomes_an_administrator(tenant: Tenant) -> None:
    main(["dev"], {}, tenant)

    (assignment,) = tenant.assignments
    (application,) = tenant.applications.values()
    administrator = application["appRoles"][-1]["id"]
    assert (assignment["principalId"], assignment["appRoleId"]) == ("ann", administrator)


def test_registering_again_changes_nothing(tenant: Tenant) -> None:
    main(["dev"], {}, tenant)
    before = json.dumps([tenant.applications, tenant.enterprises, tenant.assignments])
    main(["dev"], {}, tenant)

    assert json.dumps([tenant.applications, tenant.enterprises, tenant.assignments]) == before


def test_a_read_of_a_new_object_is_repeated(tenant: Tenant) -> None:
    tenant.unseen, slept = 3, list[float]()

    assert register(Graph(tenant, slept.append), "dev") == CLIENT_ID
    assert slept == [2.0, 4.0, 8.0]

    tenant.unseen = 4
    with pytest.raises(ProgramFailed, match="Not Found"):
        register(Graph(tenant, slept.append), "dev")


def test_a_missing_permission_explains_the_alternatives(
    tenant: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant.failure = "az: Insufficient privileges to complete the operation."
    assert main(["dev"], {}, tenant) == 1
    error_text = capsys.readouterr().err
    assert "Insufficient privileges" in error_text
    assert "POLYSYNC_AUTH_CLIENT_ID" in error_text


@pytest.mark.parametrize("environment", ["", "my env", "x'); drop", "e" * 41])
def test_an_invalid_environment_name_is_rejected(
    tenant: Tenant, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([environment], {}, tenant)
    assert "environment:" in capsys.readouterr().err
    assert tenant.calls == 0


def test_a_failed_program_reports_its_error() -> None:
    assert run(["python3", "-c", "print(1)"]) == "1\n"
    with pytest.raises(ProgramFailed, match="python3: no such tenant"):
        run(["python3", "-c", "import sys; sys.exit('no such tenant')"])
    with pytest.raises(ProgramFailed, match="no-such-program is not installed"):
        run(["no-such-program"])
