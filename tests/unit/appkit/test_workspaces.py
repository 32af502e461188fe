"""Which workspace has a job, and who is asking there."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import pytest

from polysync_core.appkit import workspaces
from polysync_core.appkit.connecting import connect
from polysync_core.appkit.jobs import LakeflowJobs
from polysync_core.appkit.keys import JobOptions
from polysync_core.appkit.outcome import Done, Failed
from polysync_core.appkit.users import UserToken
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import NotFound, Unauthenticated
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.sign_in.on_behalf_of import OnBehalfToken
from polysync_core.platforms import platform_client as http
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import read_lakeflow
from tests.fakes.appkit import HOST, FakeWorkspace
from tests.fakes.http import ScriptedTransport, VirtualTime
from tests.fakes.secrets import KnownSecrets

REFERENCE = "vault://local/TOKEN"
VARIABLES = {"DATABRICKS_JOB_ETL": "10"}


def a_platform(**more: Any) -> Platform:
    return Platform(
        name="lakehouse",
        **{
            "type": PlatformType.AZURE_DATABRICKS,
            "auth": Auth(method=AuthMethod.PERSONAL_ACCESS_TOKEN, personal_access_token=REFERENCE),
            "attributes": {"workspaceUrl": HOST, "computeType": "Serverless"},
            **more,
        },
    )


class World:
    """An app with a store of Platforms and a vault."""

    def __init__(self, variables: dict[str, str] = VARIABLES, platform: str = "lakehouse") -> None:
        self.workspace, self.platforms = FakeWorkspace(), {"lakehouse": a_platform()}
        self.secrets = KnownSecrets({REFERENCE: "dapi-vault"}, {REFERENCE: "dapi-rotated"})
        options = {"etl": JobOptions(platform=platform)}
        configuration = read_lakeflow(variables, options)
        transport = ScriptedTransport([self.workspace.answer])
        self.workspaces = Workspaces(
            configuration=configuration,
            platform_named=self._platform,
            secrets=self.secrets,
            http=HttpOptions(transport=transport, timer=VirtualTime().timer),
        )
        self.jobs = LakeflowJobs(configuration=configuration, workspaces=lambda: self.workspaces)

    def _platform(self, name: str) -> Platform:
        if name not in self.platforms:
            raise NotFound(f"There is no platform '{name}'.")
        return self.platforms[name]


def test_a_job_may_be_in_the_workspace_of_a_platform_that_is_defined() -> None:
    world = World()
    assert world.jobs("etl").run_now().ok
    assert [asked.token for asked in world.workspace.asked] == ["dapi-vault"]


def test_a_token_that_was_replaced_in_its_vault_is_read_again() -> None:
    world = World()
    world.workspace.fail("run-now", 401)
    assert world.jobs("etl").run_now().ok
    assert [asked.token for asked in world.workspace.asked] == ["dapi-vault", "dapi-rotated"]


def test_an_edit_of_the_platform_is_heeded() -> None:
    world = World()
    first = world.workspaces.open("lakehouse")
    assert world.workspaces.open("lakehouse").workspace == first.workspace
    attributes = {"workspaceUrl": "https://adb-9.9.azuredatabricks.net"}
    world.platforms["lakehouse"] = a_platform(attributes=attributes | {"computeType": "Serverless"})
    assert world.workspaces.open("lakehouse").workspace == attributes["workspaceUrl"]


@pytest.mark.parametrize(
    ("platform", "reason"),
    [
        (None, "There is no platform"),
        (a_platform(type=PlatformType.AZURE_FUNCTIONS), "is no Azure Databricks workspace"),
        (a_platform(attributes={"workspaceUrl": HOST}), "clusterVersion"),
    ],
)
def test_a_platform_that_cannot_be_used_is_ours_to_mend(
    platform: Platform | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.platforms = {} if platform is None else {"lakehouse": platform}
    with caplog.at_level(logging.ERROR):
        result = world.jobs("etl").run_now()
    assert result == Failed(status=500, message="Internal Server Error")
    assert reason in caplog.text


IDENTITY = "0b1f6471-1bf0-4dda-aec3-111122223333"
PREMISES = {"AZURE_CLIENT_ID": IDENTITY, "POLYSYNC_PRIVATE_HOSTS": urlsplit(HOST).netloc}


def test_a_platform_is_signed_in_to_by_the_apps_own_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a connector is: a system's identity, which would be meant else, is there nowhere."""
    signed_in: list[Auth] = []

    def sign_in(auth: Auth, *_: Any) -> Any:
        signed_in.append(auth)

    monkeypatch.setattr(workspaces, "credential_of", sign_in)
    world = World({**VARIABLES, **PREMISES})
    world.platforms["lakehouse"] = a_platform(auth=Auth(method=AuthMethod.MANAGED_IDENTITY))
    world.workspaces.open("lakehouse")
    assert [auth.client_id for auth in signed_in] == [IDENTITY]


@pytest.mark.parametrize(("app_identity", "reach"), [(PREMISES, "PRIVATE"), ({}, "PUBLIC")])
def test_a_workspace_may_be_private_where_its_host_is_named(
    app_identity: dict[str, str], reach: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaches: list[AddressScope] = []
    monkeypatch.setattr(http, "shared_transport", reaches.append)
    environment = {"DATABRICKS_HOST": HOST, "DATABRICKS_TOKEN": "t", **VARIABLES, **app_identity}
    connect(environment).workspaces().open(None)
    assert reaches == [AddressScope[reach]]


def test_a_vault_without_the_token_is_told_to_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.secrets.known.clear()
    assert world.jobs("etl").run_now() == Failed(status=500, message="Internal Server Error")
    assert "there is no vault://local/TOKEN" in caplog.text


APP_SERVICE = {
    **VARIABLES,
    "WEBSITE_AUTH_ENABLED": "True",
    "POLYSYNC_DELEGATION_TENANT_ID": "tenant",
    "POLYSYNC_DELEGATION_CLIENT_ID": "app",
    "AZURE_CLIENT_ID": "identity",
}


class Request:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def test_behind_app_service_a_users_token_is_exchanged() -> None:
    hosting = World(APP_SERVICE).jobs.configuration.hosting
    request = Request(x_ms_client_principal="e30=", x_ms_token_aad_access_token="eyJ")
    user = hosting.user_of(request)
    assert (user.token, user.exchanged_by) == (Secret("eyJ"), hosting.delegation)


def test_who_comes_by_a_key_of_the_app_is_nobody_to_act_for() -> None:
    hosting = World(APP_SERVICE).jobs.configuration.hosting
    with pytest.raises(Unauthenticated):
        hosting.user_of(Request(x_ms_token_aad_access_token="eyJ"))


def test_a_user_signs_in_once_for_many_calls() -> None:
    world = World(APP_SERVICE)
    by = world.jobs.configuration.hosting.delegation
    users = [UserToken(token=Secret(name), exchanged_by=by) for name in ("ann", "bob", "ann")]
    found = [world.workspaces.open("lakehouse", user).client._credential for user in users]
    assert all(isinstance(each, OnBehalfToken) for each in found)
    assert found[0] is found[2] is not found[1]


def test_a_program_of_its_own_has_no_store_of_platforms() -> None:
    jobs = connect(VARIABLES, {"etl": JobOptions(platform="lakehouse")})
    assert not isinstance(jobs("etl").run_now(), Done)
