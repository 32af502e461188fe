"""Reads secrets from Google Secret Manager."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import (
    Auth,
    AuthMethod,
)
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import AddressScope, BaseAddress, HostRule
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import CachedToken
from polysync_core.outbound.sign_in.methods import GOOGLE_METHODS
from polysync_core.outbound.urls import url
from polysync_core.vaults.crc32c import crc32c
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

ROLE = "roles/secretmanager.secretAccessor"
TEST_ROLE = "roles/secretmanager.viewer"

_SERVICE = BaseAddress(
    "https://secretmanager.googleapis.com", "secretmanager.googleapis.com", AddressScope.PUBLIC
)
_HOST_CREDENTIALS = Auth(method=AuthMethod.APPLICATION_DEFAULT)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_PROJECT = re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}")
_UNAUTHORIZED = 401


class SecretManagerAttributes(Value):
    """`attributes` of a Google Secret Manager."""

    project_id: str
    """The id or the number of the project."""
    endpoint: str | None = None
    """The address of a simulator for all of Google's services; for development only."""

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address of the Secret Manager."""
        return self.simulator(allow_loopback=allow_loopback) or _SERVICE

    def simulator(self, *, allow_loopback: bool) -> BaseAddress | None:
        """Return the checked address of the simulator, or None."""
        if self.endpoint is None:
            return None
        if not allow_loopback:
            raise Invalid.at(
                "attributes.endpoint", "a simulator is only for development: remove it"
            )
        rule = HostRule(suffixes=(), example="http://127.0.0.1:8080", allow_loopback=True)
        return rule.read(self.endpoint, path="attributes.endpoint")


@dataclass(frozen=True, slots=True)
class GoogleSecretManager:
    """The secrets of one Google Cloud project."""

    vault: str
    project: str
    base: BaseAddress
    token: CachedToken
    client: ReadClient

    def read(self, name: str) -> Secret:
        """Return the newest version of a secret."""
        subject = f"the secret {name} of the vault {self.vault}"
        if _NAME.fullmatch(name) is None:
            raise PlatformRefused(
                f"{subject} cannot exist: Secret Manager's names have 1-255 letters, digits,"
                " hyphens and underscores",
                cause=FailureCause.SECRET,
            )
        answer = self._get(url(self._secrets(), name, "versions", "latest", ending=":access"))
        if answer.status != 200:
            raise self._refusal(answer, subject, ROLE)
        return _value(answer, subject, self.base.host)

    def test(self) -> str:
        """List one secret's name."""
        answer = self._get(url(self._secrets(), query={"pageSize": 1}))
        if answer.status != 200:
            raise self._refusal(answer, f"the vault {self.vault}", TEST_ROLE)
        return f"Reached the secrets of the project {self.project}; they can be listed."

    def _secrets(self) -> str:
        return url(self.base.url, "v1", "projects", self.project, "secrets")

    def _get(self, address: str) -> Answer:
        """Return the answer; a refused token is replaced once."""
        answer = self._sent(address)
        if answer.status == _UNAUTHORIZED:
            self.token.renew()
            answer = self._sent(address)
        failure = self.client.failure_of(answer, self.base.host)
        if failure is not None:
            raise failure
        return answer

    def _sent(self, address: str) -> Answer:
        headers = {**HEADERS, "Authorization": f"Bearer {self.token.token().reveal()}"}
        return self.client.send(self.base, json_request("GET", address, headers))

    def _refusal(self, answer: Answer, subject: str, role: str) -> PlatformRefused:
        match answer.status:
            case 401:
                remedy = "Google does not accept the token: check auth"
            case 403 if b"SERVICE_DISABLED" in answer.content:
                remedy = f"enable the Secret Manager API in the project {self.project}"
            case 403:
                remedy = (
                    f"not allowed: grant the identity the role {role}, and check"
                    " attributes.projectId"
                )
            case 404:
                remedy = "it does not exist, or has no version: check its name and the project"
            case 400 if b"FAILED_PRECONDITION" in answer.content:
                remedy = "its latest version is disabled or destroyed: add a new one or enable it"
            case status:
                remedy = f"Secret Manager refused the request (status {status})"
        return PlatformRefused(
            f"{subject}: {remedy}", cause=FailureCause.SECRET, status=answer.status
        )


def check_secret_manager(vault: Vault, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Secret Manager's attributes."""
    problems: list[Problem] = []
    try:
        attributes = read_attributes(SecretManagerAttributes, vault.attributes)
        if _PROJECT.fullmatch(attributes.project_id) is None:
            problems.append(
                Problem("attributes.projectId", "a project is named by its id or its number")
            )
        attributes.simulator(allow_loopback=allow_loopback)
    except Invalid as error:
        problems += error.problems
    return problems


def open_secret_manager(
    vault: Vault,
    secrets: Secrets | None,
    *,
    allow_loopback: bool,
    client: ReadClient | None = None,
) -> GoogleSecretManager:
    """Return a connection to a checked vault, without sending anything."""
    # Imported on first use: the import is slow, and other vaults do not need it.
    from polysync_core.outbound.sign_in.google import GoogleSignIn

    attributes = read_attributes(SecretManagerAttributes, vault.attributes)
    client = client or ReadClient()
    sign_in = GoogleSignIn(
        auth=_auth(vault),
        secrets=secrets,
        endpoint=attributes.simulator(allow_loopback=allow_loopback),
        allow_loopback=allow_loopback,
        client=client,
    )
    base = attributes.base_address(allow_loopback=allow_loopback)
    return GoogleSecretManager(
        vault.name, attributes.project_id, base, sign_in.access_token(), client
    )


def _auth(vault: Vault) -> Auth:
    return vault.auth or _HOST_CREDENTIALS


def _value(answer: Answer, subject: str, host: str) -> Secret:
    outcome = _decoded(answer.json() or {})
    if outcome is None:
        raise Unavailable(f"{subject} cannot be read: the answer of {host} was damaged on the way")
    if isinstance(outcome, str):
        raise PlatformRefused(f"{subject} {outcome}", cause=FailureCause.SECRET)
    return outcome


def _decoded(body: JsonObject) -> Secret | str | None:
    """Return the secret, a problem as text, or None if the answer is damaged."""
    found = body.get("payload")
    payload = cast("Mapping[str, object]", found if isinstance(found, dict) else {})
    data, checksum = payload.get("data", ""), payload.get("dataCrc32c")
    try:
        content = base64.b64decode(str(data), validate=True)
    except (ValueError, binascii.Error):
        return None
    if not payload or (checksum is not None and str(checksum) != str(crc32c(content))):
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "is not text: store it as UTF-8"
    return Secret(text) if text else "is empty"


def _open(vault: Vault, context: VaultContext) -> GoogleSecretManager:
    return open_secret_manager(vault, context.secrets, allow_loopback=context.development)


PLUGIN = VaultPlugin(
    name=VaultProvider.GOOGLE_SECRET_MANAGER,
    check=check_secret_manager,
    attributes=SecretManagerAttributes,
    open=_open,
    sign_in=GOOGLE_METHODS,
    default_auth=_HOST_CREDENTIALS,
)
