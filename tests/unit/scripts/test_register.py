"""The registration in Entra is created once and then updated."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from scripts.register import (
    AZURE_CLI,
    GRAPH,
    SCOPE,
    CommandFailed,
    Graph,
    main,
    register,
    run,
)

pytestmark = pytest.mark.slow

CLIENT_ID = "7b9d1f5e-0000-4000-8000-000000000001"


class Tenant:
    """A fake tenant behind the Azure CLI, with azd's environment."""

    def __init__(self) -> None:
        self.applications: dict[str, dict[str, Any]] = {}
        self.enterprises: dict[str, dict[str, Any]] = {}
        self.assignments: list[dict[str, Any]] = []
        self.azd: dict[str, str] = {}
        self.calls = 0
        self.failure: str | None = None
        self.unseen = 0

    def __call__(self, command: Sequence[str]) -> str:
        self.calls += 1
        if self.failure is not None:
            raise CommandFailed(self.failure)
        if self.unseen and "GET" in command:
            self.unseen -= 1
            raise CommandFailed("az: Not Found")
        match command:
            case ["azd", "env", "set", name, value]:
                self.azd[name] = value
                return ""
            case ["az", "rest", "--method", method, "--url", url, *rest]:
                body = json.loads(rest[-1]) if rest else None
                path = url.removeprefix(f"{GRAPH}/").partition("?")[0]
                answer = self._answer(method, path, body, "Prefer=create-if-missing" in rest)
                return json.dumps(answer)
            case _:
                raise AssertionError(command)

    def _answer(self, method: str, path: str, body: Any, create: bool) -> Any:
        if path == "me":
            return {"id": "ann"}
        if path == "servicePrincipals/enterprise/appRoleAssignedTo":
            if method == "POST":
                self.assignments.append(body)
            return {"value": self.assignments}
        found = re.fullmatch(r"(\w+)\(\w+='([\w-]+)'\)", path)
        assert found is not None, path
        kind, name = found.groups()
        things = self.applications if kind == "applications" else self.enterprises
        made = {"appId": CLIENT_ID} if kind == "applications" else {"id": "enterprise"}
        if method == "PATCH":
            assert create or name in things
            things.setdefault(name, made).update(body)
        return things[name]


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
    with pytest.raises(CommandFailed, match="Not Found"):
        register(Graph(tenant, slept.append), "dev")


def test_azd_stores_the_client_id(tenant: Tenant) -> None:
    assert main(["--azd"], {"AZURE_ENV_NAME": "dev"}, tenant) == 0

    assert list(tenant.applications) == ["polysync-dev"]
    assert tenant.azd == {
        "POLYSYNC_AUTH_CLIENT_ID": CLIENT_ID,
        "POLYSYNC_AUTH_ALLOWED_APPLICATIONS": AZURE_CLI,
    }


def test_an_existing_azd_setting_is_kept(tenant: Tenant) -> None:
    variables = {"AZURE_ENV_NAME": "dev", "POLYSYNC_AUTH_CLIENT_ID": "another"}
    assert main(["--azd"], variables, tenant) == 0
    assert tenant.calls == 0

    named = {"AZURE_ENV_NAME": "dev", "POLYSYNC_AUTH_ALLOWED_APPLICATIONS": "a,b"}
    assert main(["--azd"], named, tenant) == 0
    assert list(tenant.azd) == ["POLYSYNC_AUTH_CLIENT_ID"]


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
    with pytest.raises(CommandFailed, match="python3: no such tenant"):
        run(["python3", "-c", "import sys; sys.exit('no such tenant')"])
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        run(["no-such-program"])
