"""Reads the address, CA certificates and credential of a cluster from a kubeconfig.

Azure Resource Manager returns a kubeconfig for the identity of the app. A cluster with Microsoft
Entra takes a token of the app; a cluster with local accounts has its own credential in the file.
https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace

from polysync_core.domain.errors import Invalid, Malformed, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonObject, JsonValue, dicts_in, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.strict_documents import read_yaml
from polysync_core.outbound.hosts import AddressScope, BaseAddress, HostRule
from polysync_core.outbound.http_request import ClientCertificate, HttpRequest
from polysync_core.outbound.sign_in.authenticators import Authenticator, FixedToken, HeaderToken
from polysync_core.platforms.calls import UnexpectedAnswer

SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The Entra application of all API servers of the service, in every cloud."""
SERVER_SCOPE = f"{SERVER_APPLICATION}/.default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """The address of an API server, with its trusted authorities and the credential for it."""

    base: BaseAddress
    authorities: str | None
    """The only authorities of the server's certificate; None for a simulator."""
    authenticator: Authenticator


@dataclass(frozen=True, slots=True)
class FixedCertificate:
    """Presents the client certificate of a local account."""

    certificate: ClientCertificate

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the certificate that its TLS connection presents."""
        return replace(request, client_certificate=self.certificate)

    def renew(self) -> None:
        """Do nothing: the caller reads the kubeconfig again."""


@dataclass(frozen=True, slots=True)
class ClusterSignIn:
    """Signs with the newest credential of a cluster; a refused one is read again."""

    current: Callable[[], ClusterAccess]
    forget: Callable[[], None]

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the credential of the cluster."""
        return self.current().authenticator.sign(request)

    def renew(self) -> None:
        """Drop the token and the kubeconfig."""
        self.current().authenticator.renew()
        self.forget()


def read_kubeconfigs(
    answer: JsonObject, rule: HostRule, entra: Callable[[BaseAddress], Authenticator]
) -> ClusterAccess:
    """Return the access that the answer of `listClusterUserCredential` describes."""
    match answer.get("kubeconfigs"):
        case [{"value": str(encoded)}, *_]:
            return _read_kubeconfig(_decoded(encoded), rule, entra)
        case _:
            raise UnexpectedAnswer


def _read_kubeconfig(
    text: str, rule: HostRule, entra: Callable[[BaseAddress], Authenticator]
) -> ClusterAccess:
    config = _document(text)
    context = _named(config, "contexts", "context", config.get("current-context"))
    cluster = _named(config, "clusters", "cluster", context.get("cluster"))
    user = _named(config, "users", "user", context.get("user"))
    server = cluster.get("server")
    if not isinstance(server, str):
        raise UnexpectedAnswer
    base = _server(server, rule)
    authorities = None
    if base.scope is not AddressScope.LOOPBACK:
        authorities = _data(cluster, "certificate-authority-data")
        if authorities is None or cluster.get("insecure-skip-tls-verify") is True:
            raise _refused("the kubeconfig of the cluster has no certificate authority")
    return ClusterAccess(
        base=base, authorities=authorities, authenticator=_authenticator(user, base, entra)
    )


def _authenticator(
    user: JsonObject, base: BaseAddress, entra: Callable[[BaseAddress], Authenticator]
) -> Authenticator:
    if user.get("exec") is not None or user.get("auth-provider") is not None:
        server_application = _server_application(user)
        if server_application not in {None, SERVER_APPLICATION}:
            raise _refused(
                "the cluster signs in by an Entra application of its own, which is no longer"
                " supported by Azure: migrate the cluster to the managed Entra integration"
            )
        return entra(base)
    token = user.get("token")
    if isinstance(token, str) and token:
        return HeaderToken(FixedToken(Secret(token)))
    certificate, key = _data(user, "client-certificate-data"), _data(user, "client-key-data")
    if certificate is None or key is None:
        raise _refused("the kubeconfig of the cluster has no credential that Polysync knows")
    return FixedCertificate(ClientCertificate(Secret(f"{certificate}\n{key}")))


def _server_application(user: JsonObject) -> JsonValue:
    """Return the Entra application whose token the cluster takes; None if it is not named."""
    arguments = object_in(user, "exec").get("args")
    if isinstance(arguments, list) and "--server-id" in arguments[:-1]:
        return arguments[arguments.index("--server-id") + 1]
    return object_in(object_in(user, "auth-provider"), "config").get("apiserver-id")


def _server(text: str, rule: HostRule) -> BaseAddress:
    problem = ""
    try:
        return rule.read(text, path="server")
    except Invalid as error:
        problem = str(error)
    raise _refused(f"the kubeconfig names an address that is no API server of Azure: {problem}")


def _document(text: str) -> JsonObject:
    try:
        found = read_yaml(text.encode())
    except (Malformed, TooLarge, Invalid):
        found = None
    if not isinstance(found, dict):
        raise UnexpectedAnswer
    return found


def _named(config: JsonObject, group: str, kind: str, name: JsonValue) -> JsonObject:
    """Return the entry of a group with a name, or the only entry."""
    entries = dicts_in(config, group)
    for entry in entries:
        if entry.get("name") == name:
            return object_in(entry, kind)
    if len(entries) != 1:
        raise UnexpectedAnswer
    return object_in(entries[0], kind)


def _data(source: JsonObject, name: str) -> str | None:
    encoded = source.get(name)
    return _decoded(encoded) if isinstance(encoded, str) else None


def _decoded(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = None
    if text is None:
        raise UnexpectedAnswer
    return text


def _refused(message: str) -> PlatformRefused:
    return PlatformRefused(message, cause=FailureCause.SECRET)
