"""The sign-in of a service principal with an OAuth secret of Databricks."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import pytest
from requests import PreparedRequest

from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.sign_in.methods import check_sign_in
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

REFERENCE = "vault://v/secret"
PLATFORM = Platform.model_validate(
    {
        "name": "lakehouse",
        "type": "AzureDatabricks",
        "auth": {"method": "OAuth", "clientId": "principal-1", "clientSecret": REFERENCE},
        "attributes": {
            "workspaceUrl": "https://adb-1.7.azuredatabricks.net",
            "computeType": "Serverless",
        },
    }
)


@dataclass
class Workspace:
    """A workspace that accepts one secret, and the newest token it issued."""

    good_secret: str = "canary-1"
    secret: str = "canary-1"
    issued: int = 0
    expires_in: object = 3600
    token_reply: Reply | None = None
    seen: list[str] = field(default_factory=list[str])
    time: VirtualTime = field(default_factory=VirtualTime)

    def resolve(self, reference: str) -> Secret:
        assert reference == REFERENCE
        return Secret(self.secret)

    def forget(self, reference: str) -> None:
        self.secret = self.good_secret

    def answer(self, request: PreparedRequest) -> Reply:
        path, proof = str(request.path_url).partition("?")[0], request.headers["Authorization"]
        self.seen.append(f"{request.method} {path}")
        if path != "/oidc/v1/token":
            is_newest = proof == f"Bearer token-{self.issued}"
            return Reply.json(
                {"object_type": "DIRECTORY"} if is_newest else {}, 200 if is_newest else 403
            )
        if self.token_reply is not None:
            return self.token_reply
        assert request.body == b"grant_type=client_credentials&scope=all-apis"
        given = base64.b64decode(proof.removeprefix("Basic ")).decode()
        if given != f"principal-1:{self.good_secret}":
            return Reply.json({"error": "invalid_client", "error_description": "canary"}, 401)
        self.issued += 1
        return Reply.json({"access_token": f"token-{self.issued}", "expires_in": self.expires_in})

    def test(self, calls: int = 1) -> None:
        http = HttpOptions(transport=ScriptedTransport([self.answer]), timer=self.time.timer)
        connector = platform_plugin("AzureDatabricks").open(
            PLATFORM, PluginContext(secrets=self, http=http)
        )
        for _ in range(calls):
            connector.test()


def test_one_token_serves_several_calls() -> None:
    workspace = Workspace()

    workspace.test(calls=3)

    assert workspace.seen.count("POST /oidc/v1/token") == 1


def test_a_token_that_nearly_expires_is_fetched_again() -> None:
    workspace = Workspace(expires_in=200)

    workspace.test(calls=2)

    assert workspace.issued == 2


def test_a_rotated_secret_is_read_again() -> None:
    workspace = Workspace(secret="old")

    workspace.test()

    assert workspace.issued == 1


def test_a_refused_secret_is_named_by_its_reference() -> None:
    workspace = Workspace(token_reply=Reply.json({"error": "invalid_client"}, 401))

    with pytest.raises(PlatformRefused) as caught:
        workspace.test()

    assert caught.value.cause is FailureCause.SECRET
    assert REFERENCE in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "reply", [Reply(503), Reply.json({"access_token": 7}), Reply(200, b"<html>"), Reply(429)]
)
def test_a_sign_in_without_a_token_is_unavailable(reply: Reply) -> None:
    with pytest.raises(Unavailable):
        Workspace(token_reply=reply).test()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"clientId": "a"}, "auth.clientSecret"),
        ({"clientSecret": REFERENCE}, "auth.clientId"),
        ({"clientId": "a", "clientSecret": REFERENCE, "tenantId": "t"}, "auth.tenantId"),
    ],
)
def test_an_incomplete_sign_in_is_refused(fields: dict[str, str], path: str) -> None:
    auth = Auth.model_validate({"method": "OAuth", **fields})
    methods = platform_plugin("AzureDatabricks").sign_in

    assert [problem.path for problem in check_sign_in(auth, methods, "x")] == [path]
