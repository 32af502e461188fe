"""Tests of Entra tokens: caching, renewal, sign-in methods and clouds."""

from __future__ import annotations

import threading
import traceback
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.entra import EntraToken, azure_credential

CANARY = "canary-0d1e"
SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"


class Identity:
    """Hands out numbered tokens that live for an hour."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.stage.asked.append(scopes)
        if self.stage.error is not None:
            raise self.stage.error
        return AccessToken(f"token-{len(self.stage.asked)}", int(self.stage.now) + 3600)


class Stage:
    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.asked: list[tuple[str, ...]] = []
        self.made = 0
        self.forgotten = 0
        self.error: Exception | None = None
        self.entra = EntraToken(self.make, SCOPE, forget_secret=self.forget, now=lambda: self.now)

    def make(self) -> Identity:
        self.made += 1
        return Identity(self)

    def forget(self) -> None:
        self.forgotten += 1


class OneSecret:
    def __init__(self) -> None:
        self.resolved: list[str] = []

    def resolve(self, reference: str) -> Secret:
        self.resolved.append(reference)
        return Secret(CANARY)

    def forget(self, reference: str) -> None: ...


def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    stage = Stage()

    first = stage.entra.token()
    stage.now += 3600 - 301
    second = stage.entra.token()
    stage.now += 2
    third = stage.entra.token()

    assert [token.reveal() for token in (first, second, third)] == ["token-1", "token-1", "token-2"]
    assert stage.asked == [(SCOPE,), (SCOPE,)]
    assert stage.made == 1


def test_a_refused_token_is_replaced_by_one_from_a_secret_that_is_read_again() -> None:
    stage = Stage()
    stage.entra.token()

    stage.entra.renew()

    assert stage.entra.token().reveal() == "token-2"
    assert (stage.made, stage.forgotten) == (2, 1)


def test_many_threads_ask_for_one_token() -> None:
    stage = Stage()
    threads = [threading.Thread(target=stage.entra.token) for _ in range(16)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stage.asked) == 1


@pytest.mark.parametrize(
    ("error", "family", "words"),
    [
        (ClientAuthenticationError(f"AADSTS7000215: {CANARY}"), PlatformRefused, "AADSTS7000215"),
        (ClientAuthenticationError(CANARY), PlatformRefused, "sign-in"),
        (CredentialUnavailableError(CANARY), PlatformRefused, "exists on this host"),
        (ServiceRequestError(CANARY), Unavailable, "Entra does not answer"),
        (TimeoutError(CANARY), Unavailable, "Entra does not answer"),
        (ValueError(CANARY), PlatformRefused, "check tenant"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failed_sign_in_becomes_an_error_without_a_context(
    error: Exception, family: type[Exception], words: str
) -> None:
    stage = Stage()
    stage.error = error

    with pytest.raises(family, match=words) as caught:
        stage.entra.token()

    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    if isinstance(caught.value, PlatformRefused):
        assert caught.value.cause is FailureCause.SECRET


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ({"method": "ManagedIdentity"}, ManagedIdentityCredential),
        ({"method": "DefaultCredential"}, DefaultAzureCredential),
        (
            {
                "method": "ServicePrincipal",
                "tenantId": "contoso.com",
                "clientId": "00000000-0000-0000-0000-000000000001",
                "clientSecret": "vault://v/s",
            },
            ClientSecretCredential,
        ),
    ],
)
@pytest.mark.parametrize("cloud", list(Cloud))
def test_each_method_has_its_credential(auth: dict[str, Any], kind: type, cloud: Cloud) -> None:
    secrets = OneSecret()

    made = azure_credential(Auth.model_validate(auth), cloud, secrets)

    assert isinstance(made, kind)
    assert secrets.resolved == (["vault://v/s"] if "clientSecret" in auth else [])


@pytest.mark.parametrize(
    ("cloud", "authority"),
    [
        (Cloud.PUBLIC, "login.microsoftonline.com"),
        (Cloud.US_GOVERNMENT, "login.microsoftonline.us"),
        (Cloud.CHINA, "login.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_authority(cloud: Cloud, authority: str) -> None:
    assert cloud.authority == authority
