"""Reads secrets from the key-value engine of HashiCorp Vault, versions 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, WithJsonSchema

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import CachedToken
from polysync_core.outbound.urls import url
from polysync_core.vaults.hashicorp_login import HINTS, SIGN_IN, Login, header_of
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,19}")
_FORBIDDEN = 403
_USUAL_KEY = "value"


def _number(version: object) -> object:
    """Return the number of a version that is written as text."""
    return int(version) if isinstance(version, str) and version in {"1", "2"} else version


type _KvVersion = Annotated[
    int,
    Field(ge=1, le=2),
    BeforeValidator(_number),
    WithJsonSchema({"enum": [1, 2, "1", "2"]}),
]


class HashiCorpAttributes(Value):
    """`attributes` of a HashiCorp Vault."""

    address: str
    """The address of the server, such as `https://vault.example.com:8200`."""
    mount: str = "secret"
    """The path of the key-value engine, without outer slashes."""
    kv_version: _KvVersion = 2
    """The version of the key-value engine."""
    namespace: str | None = None
    """The namespace, such as `admin/team`; empty for the root."""
    key: str | None = None
    """The key of a secret's map that holds the value."""

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the checked address of the server."""
        rule = HostRule(
            suffixes=("",),
            example="https://vault.example.com:8200",
            allow_loopback=allow_loopback,
            allow_port=True,
        )
        return rule.read(self.address, path="attributes.address")

    def problems(self) -> list[Problem]:
        """Return the problems of all attributes except the address."""
        found: list[Problem] = []
        if _PATH.fullmatch(self.mount) is None:
            found.append(
                Problem("attributes.mount", "a mount is a path such as secret, without outer /")
            )
        if self.namespace is not None and _PATH.fullmatch(self.namespace) is None:
            found.append(
                Problem("attributes.namespace", "a namespace is a path such as admin/team")
            )
        if self.key is not None and not (1 <= len(self.key) <= 255 and self.key.isprintable()):
            found.append(Problem("attributes.key", "a key has 1-255 printable characters"))
        return found


@dataclass(frozen=True, slots=True)
class HashiCorpVault:
    """Reads one mount of a key-value engine."""

    vault: str
    base: BaseAddress
    attributes: HashiCorpAttributes
    token: CachedToken
    client: ReadClient

    def read(self, name: str) -> Secret:
        """Return the value of the key `attributes.key` in the newest version."""
        subject = f"the secret {name} of the vault {self.vault}"
        if _PATH.fullmatch(name) is None:
            raise PlatformRefused(
                f"{subject} cannot exist: its path has empty parts or parts that begin with a dot",
                cause=FailureCause.SECRET,
            )
        middle = ("data",) if self.attributes.kv_version == 2 else ()
        path = (*self.attributes.mount.split("/"), *middle, *name.split("/"))
        answer = self._get(*path)
        if answer.status != 200:
            raise self._refusal(answer, subject, "/".join(path))
        return self._value(answer, subject)

    def test(self) -> str:
        """Look up the token itself, which needs no permission of the token."""
        answer = self._get("auth", "token", "lookup-self")
        if answer.status != 200:
            raise self._refusal(answer, f"the vault {self.vault}", "auth/token/lookup-self")
        return f"Reached {self.base.url}; the token is valid."

    def _get(self, *path: str) -> Answer:
        """Return the answer; a refused token is replaced once.

        Vault answers 403 to an expired token and to one that lacks a permission.
        """
        answer = self._sent(path)
        if answer.status == _FORBIDDEN:
            self.token.renew()
            answer = self._sent(path)
        failure = self.client.failure_of(answer, self.base.host, hints=HINTS)
        if failure is not None:
            raise failure
        return answer

    def _sent(self, path: tuple[str, ...]) -> Answer:
        headers = {**HEADERS, **namespace_header(self.attributes), **header_of(self.token.token())}
        request = json_request("GET", url(self.base.url, "v1", *path), headers)
        return self.client.send(self.base, request)

    def _refusal(self, answer: Answer, subject: str, path: str) -> PlatformRefused:
        match answer.status:
            case 403:
                remedy = (
                    f"not allowed: grant the token's policy the capability 'read' on '{path}', and"
                    " check attributes.namespace and attributes.mount"
                )
            case 404 if _deleted(answer):
                remedy = "its newest version is deleted: write a new one, or undelete it"
            case 404:
                remedy = (
                    "it does not exist: check its path, attributes.mount, attributes.kvVersion"
                    " and attributes.namespace"
                )
            case status:
                remedy = f"Vault refused the request (status {status})"
        return PlatformRefused(
            f"{subject}: {remedy}", cause=FailureCause.SECRET, status=answer.status
        )

    def _value(self, answer: Answer, subject: str) -> Secret:
        found = _map_of(answer, self.attributes.kv_version)
        if found is None:
            raise PlatformRefused(
                f"{subject}: the answer does not come from a key-value engine of version"
                f" {self.attributes.kv_version}: check attributes.kvVersion and attributes.mount",
                cause=FailureCause.SECRET,
            )
        outcome = _pick(found, self.attributes.key)
        if isinstance(outcome, str):
            raise PlatformRefused(f"{subject} {outcome}", cause=FailureCause.SECRET)
        return outcome


def check_hashicorp(vault: Vault, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a HashiCorp Vault's attributes."""
    problems: list[Problem] = []
    try:
        attributes = read_attributes(HashiCorpAttributes, vault.attributes)
        problems += attributes.problems()
        attributes.base_address(allow_loopback=allow_loopback)
    except Invalid as error:
        problems += error.problems
    return problems


def open_hashicorp(
    vault: Vault,
    secrets: Secrets | None,
    *,
    allow_loopback: bool,
    client: ReadClient | None = None,
) -> HashiCorpVault:
    """Return a connection to a checked vault, without sending anything."""
    if vault.auth is None or secrets is None:
        raise Invalid.at(
            "auth", "HashiCorp Vault needs a token or a login, whose secret is in another vault"
        )
    attributes = read_attributes(HashiCorpAttributes, vault.attributes)
    base = attributes.base_address(allow_loopback=allow_loopback)
    client = client or ReadClient()
    login = Login(vault.auth, base, namespace_header(attributes), secrets, client)
    return HashiCorpVault(vault.name, base, attributes, login.cached(), client)


def namespace_header(attributes: HashiCorpAttributes) -> dict[str, str]:
    """Return the header with the namespace of the paths."""
    return {"X-Vault-Namespace": attributes.namespace} if attributes.namespace else {}


def _data(answer: Answer) -> object:
    return (answer.json() or {}).get("data")


def _map_of(answer: Answer, kv_version: int) -> Mapping[str, object] | None:
    data = _data(answer)
    if kv_version == 2:
        data = cast("Mapping[str, object]", data).get("data") if isinstance(data, dict) else None
    return cast("Mapping[str, object]", data) if isinstance(data, dict) else None


def _deleted(answer: Answer) -> bool:
    data = _data(answer)
    return isinstance(data, dict) and "metadata" in data


def _pick(found: Mapping[str, object], key: str | None) -> Secret | str:
    """Return the value of the key, or a problem that quotes only configured keys."""
    if key is None:
        key = next(iter(found)) if len(found) == 1 else _USUAL_KEY
        if key not in found:
            return (
                f"has {len(found)} keys and none is '{_USUAL_KEY}': keep the value there, or name"
                " its key in attributes.key"
            )
    elif key not in found:
        return f"has no key '{key}', which attributes.key names: correct attributes.key"
    value = found[key]
    if not isinstance(value, str):
        return "is not text: store its value as text"
    return Secret(value) if value else "is empty"


def _open(vault: Vault, context: VaultContext) -> HashiCorpVault:
    return open_hashicorp(
        vault,
        context.secrets,
        allow_loopback=context.development,
        client=ReadClient(private_hosts=context.private_hosts),
    )


PLUGIN = VaultPlugin(
    name=VaultProvider.HASHICORP_VAULT,
    check=check_hashicorp,
    attributes=HashiCorpAttributes,
    open=_open,
    sign_in=SIGN_IN,
)
