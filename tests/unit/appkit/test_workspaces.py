"""Tests for the workspace of a job and the identity that calls it."""

from __future__ import annotations

import base64
import logging
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests import PreparedRequest

from polysync_core.appkit import workspaces
from polysync_core.appkit.errors import TriggerFailed
from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.appkit.results import Done, Failed
from polysync_core.appkit.user_tokens import UserToken
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.databricks_jobs import connect
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import NotFound, Unauthenticated
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.sign_in.on_behalf_of import OnBehalfToken
from polysync_core.platforms import platform_client as http
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import read_appkit
from tests.fakes.appkit import HOST, FakeWorkspace
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
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
    """Jobs with a store of Platforms and a vault."""

    def __init__(self, variables: dict[str, str] = VARIABLES, platform: str = "lakehouse") -> None:
        self.workspace, self.platforms = FakeWorkspace(), {"lakehouse": a_platform()}
        self.secrets = KnownSecrets({REFERENCE: "dapi-vault"}, {REFERENCE: "dapi-rotated"})
        options = {"etl": JobOptions(platform=platform)}
        configuration = read_appkit(variables, options)
        transport = ScriptedTransport([self.workspace.answer])
        self.workspaces = Workspaces(
            configuration=configuration,
            read_platform=self._platform,
            secrets=self.secrets,
            http_options=HttpOptions(transport=transport, timer=VirtualTime().timer),
        )
        self.jobs = AppKitJobs(configuration=configuration, workspaces=lambda: self.workspaces)

    def _platform(self, name: str) -> Platform:
        if name not in self.platforms:
            raise NotFound(f"There is no platform '{name}'.")
        return self.platforms[name]


def test_a_job_may_be_in_the_workspace_of_a_stored_platform() -> None:
    world = World()
    assert world.jobs("etl").run_now().ok
    assert [call.token for call in world.workspace.received] == ["dapi-vault"]


def test_a_rotated_token_is_read_again_from_its_vault() -> None:
    world = World()
    world.workspace.fail("run-now", 401)
    assert world.jobs("etl").run_now().ok
    assert [call.token for call in world.workspace.received] == ["dapi-vault", "dapi-rotated"]


def test_a_changed_platform_opens_a_new_connection() -> None:
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
        (a_platform(type=PlatformType.AZURE_FUNCTIONS), "is not an Azure Databricks workspace"),
        (a_platform(attributes={"workspaceUrl": HOST}), "clusterVersion"),
    ],
)
def test_an_unusable_platform_is_an_internal_error_and_is_logged(
    platform: Platform | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.platforms = {} if platform is None else {"lakehouse": platform}
    with caplog.at_level(logging.ERROR):
        result = world.jobs("etl").run_now()
    assert result == Failed(status=500, message="Internal Server Error")
    assert reason in caplog.text


IDENTITY = "0b1f6471-1bf0-4dda-aec3-111122223333"
DEPLOYMENT = {"AZURE_CLIENT_ID": IDENTITY, "POLYSYNC_PRIVATE_HOSTS": urlsplit(HOST).netloc}


def test_the_app_signs_in_to_a_platform_with_its_own_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connector does the same. A system-assigned identity does not exist."""
    signed_in: list[Auth] = []

    def sign_in(auth: Auth, *_: Any) -> Any:
        signed_in.append(auth)

    monkeypatch.setattr(workspaces, "authenticator_of", sign_in)
    world = World({**VARIABLES, **DEPLOYMENT})
    world.platforms["lakehouse"] = a_platform(auth=Auth(method=AuthMethod.MANAGED_IDENTITY))
    world.workspaces.open("lakehouse")
    assert [auth.client_id for auth in signed_in] == [IDENTITY]


@pytest.mark.parametrize(("deployment", "reach"), [(DEPLOYMENT, "PRIVATE"), ({}, "PUBLIC")])
def test_a_workspace_may_be_private_if_its_host_is_listed(
    deployment: dict[str, str], reach: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaches: list[AddressScope] = []
    monkeypatch.setattr(http, "shared_transport", reaches.append)
    environment = {"DATABRICKS_HOST": HOST, "DATABRICKS_TOKEN": "t", **VARIABLES, **deployment}
    connect(environment).workspaces().open(None)
    assert reaches == [AddressScope[reach]]


def test_a_missing_token_in_the_vault_is_only_logged(
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
    user = hosting.user_token(request)
    assert (user.token, user.exchanged_by) == (Secret("eyJ"), hosting.delegation)


def test_the_app_does_not_act_for_a_caller_with_an_access_key() -> None:
    hosting = World(APP_SERVICE).jobs.configuration.hosting
    with pytest.raises(Unauthenticated):
        hosting.user_token(Request(x_ms_token_aad_access_token="eyJ"))


def test_a_user_signs_in_once_for_several_calls() -> None:
    world = World(APP_SERVICE)
    by = world.jobs.configuration.hosting.delegation
    users = [UserToken(token=Secret(name), exchanged_by=by) for name in ("ann", "bob", "ann")]
    found: list[Any] = [
        world.workspaces.open("lakehouse", user).client._authenticator for user in users
    ]
    assert all(isinstance(each.source, OnBehalfToken) for each in found)
    assert found[0] is found[2] is not found[1]


def test_a_standalone_program_has_no_stored_platforms() -> None:
    jobs = connect(VARIABLES, {"etl": JobOptions(platform="lakehouse")})
    assert not isinstance(jobs("etl").run_now(), Done)


PRINCIPAL = {
    "DATABRICKS_APP_NAME": "shop",
    "DATABRICKS_HOST": HOST.removeprefix("https://"),
    "DATABRICKS_CLIENT_ID": "app-principal",
    "DATABRICKS_CLIENT_SECRET": "dose-secret",
    "DATABRICKS_JOB_ETL": "10",
}


class PrincipalWorld:
    """A Databricks App, whose service principal signs in with an OAuth secret."""

    def __init__(self, token_answer: Reply) -> None:
        self.workspace, self.token_answer = FakeWorkspace(), token_answer
        self.sign_ins: list[PreparedRequest] = []
        self.jobs = connect(PRINCIPAL)
        self.jobs.workspaces().http_options = HttpOptions(
            transport=ScriptedTransport([self._answer]), timer=VirtualTime().timer
        )

    def _answer(self, request: PreparedRequest) -> Reply:
        if urlsplit(request.url or "").path != "/oidc/v1/token":
            return self.workspace.answer(request)
        self.sign_ins.append(request)
        return self.token_answer


def test_in_a_databricks_app_its_service_principal_signs_in() -> None:
    world = PrincipalWorld(Reply.json({"access_token": "oauth-1", "expires_in": 3600}))
    etl = world.jobs("etl")
    assert [snapshot.status for snapshot in etl.run_and_wait()] == ["TERMINATED"]
    [sign_in] = world.sign_ins
    proof = base64.b64encode(b"app-principal:dose-secret").decode()
    assert sign_in.headers["Authorization"] == f"Basic {proof}"
    assert {call.token for call in world.workspace.received} == {"oauth-1"}


def test_a_token_wins_over_the_service_principal() -> None:
    configuration = read_appkit({**PRINCIPAL, "DATABRICKS_TOKEN": "dapi-x"})
    assert configuration.service_principal is None


def test_a_refused_sign_in_names_the_variables() -> None:
    world = PrincipalWorld(Reply.json({"error": "canary"}, status=401))
    result = world.jobs("etl").run_now()
    assert isinstance(result, Failed)
    assert "DATABRICKS_CLIENT_SECRET" in result.detail
    assert "dose-secret" not in repr(result)
    with pytest.raises(TriggerFailed) as caught:
        next(world.jobs("etl").run_and_wait())
    assert "DATABRICKS_CLIENT_SECRET" in str(caught.value.__cause__)
    assert "canary" not in str(caught.value.__cause__)
