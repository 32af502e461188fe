"""The kubeconfig of a cluster: which servers, authorities and credentials Polysync accepts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.sign_in.authenticators import Authenticator, FixedToken, HeaderToken
from polysync_core.platforms.azure_kubernetes import client as client_module
from polysync_core.platforms.azure_kubernetes.attributes import KubernetesAttributes
from polysync_core.platforms.azure_kubernetes.client import ACCESS_SECONDS, KubernetesClient
from polysync_core.platforms.azure_kubernetes.sign_in import (
    SERVER_APPLICATION,
    ClusterAccess,
    read_kubeconfigs,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

SERVER = "https://analytics-dns-1a2b.hcp.westeurope.azmk8s.io:443"
PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
LOCAL_TOKEN = {"token": "0123456789abcdef"}
ATTRIBUTES = {
    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
    "resourceGroupName": "rg-data",
    "clusterName": "analytics",
    "namespace": "batch",
}


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {"name": "p", "type": "AzureKubernetes", "attributes": {**ATTRIBUTES, **attributes}}
    )


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def an_answer(user: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    facts = {"server": SERVER, "certificate-authority-data": encoded(PEM), **cluster}
    config = {
        "current-context": "a",
        "contexts": [
            {"name": "other", "context": {"cluster": "x", "user": "x"}},
            {"name": "a", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "x", "cluster": {}}, {"name": "c", "cluster": facts}],
        "users": [{"name": "x", "user": {}}, {"name": "u", "user": user}],
    }
    return {"kubeconfigs": [{"name": "clusterUser", "value": encoded(json.dumps(config))}]}


def entra(base: BaseAddress) -> Authenticator:
    return HeaderToken(FixedToken(Secret("token-of-entra")))


def access(user: dict[str, Any], cloud: str = "AzurePublic", **cluster: Any) -> ClusterAccess:
    attributes = KubernetesAttributes.of(a_platform(cloud=cloud))
    return read_kubeconfigs(an_answer(user, **cluster), attributes.server_rule, entra)


def signed(found: ClusterAccess) -> Any:
    return found.authenticator.sign(json_request("GET", f"{found.base.url}/version", {}))


def an_exec(server_id: str) -> dict[str, Any]:
    return {"exec": {"command": "kubelogin", "args": ["get-token", "--server-id", server_id]}}


@pytest.mark.parametrize(
    "user",
    [
        an_exec(SERVER_APPLICATION),
        {"exec": {"command": "kubelogin"}},
        {"auth-provider": {"name": "azure", "config": {"apiserver-id": SERVER_APPLICATION}}},
        # A token beside the plugin belongs to a person.
        {**an_exec(SERVER_APPLICATION), **LOCAL_TOKEN},
    ],
)
def test_a_cluster_with_entra_gets_a_token_of_the_app(user: dict[str, Any]) -> None:
    found = access(user)

    assert signed(found).headers["Authorization"] == "Bearer token-of-entra"
    assert found.base.url == "https://analytics-dns-1a2b.hcp.westeurope.azmk8s.io"
    assert found.authorities == PEM


def test_a_local_account_signs_in_by_its_token() -> None:
    assert signed(access(LOCAL_TOKEN)).headers["Authorization"] == "Bearer 0123456789abcdef"


def test_a_local_account_without_a_token_signs_in_by_its_certificate() -> None:
    user = {"client-certificate-data": encoded("CERT"), "client-key-data": encoded("KEY")}
    assert signed(access(user)).client_certificate.pem == Secret("CERT\nKEY")


@pytest.mark.parametrize(
    ("user", "cluster", "text"),
    [
        ({}, {}, "no credential"),
        (an_exec("00000000-0000-0000-0000-000000000001"), {}, "application of its own"),
        ({"auth-provider": {"config": {"apiserver-id": "x"}}}, {}, "application of its own"),
        (LOCAL_TOKEN, {"certificate-authority-data": None}, "no certificate authority"),
        (LOCAL_TOKEN, {"insecure-skip-tls-verify": True}, "no certificate authority"),
        (LOCAL_TOKEN, {"server": "https://evil.example"}, "no API server of Azure"),
        (LOCAL_TOKEN, {"server": "https://azmk8s.io.evil.example"}, "no API server of Azure"),
        (LOCAL_TOKEN, {"server": "https://10.0.0.4:443"}, "no API server of Azure"),
        (LOCAL_TOKEN, {"server": "http://a.hcp.westeurope.azmk8s.io"}, "no API server of Azure"),
        (LOCAL_TOKEN, {"server": "https://a.azmk8s.io/x"}, "no API server of Azure"),
        (LOCAL_TOKEN, {"server": "http://127.0.0.1:8080"}, "no API server of Azure"),
    ],
)
def test_an_unsafe_kubeconfig_is_refused(
    user: dict[str, Any], cluster: dict[str, Any], text: str
) -> None:
    with pytest.raises(PlatformRefused, match=text) as caught:
        access(user, **cluster)
    assert caught.value.cause is FailureCause.SECRET
    assert "0123456789abcdef" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("cloud", "server"),
    [
        ("AzurePublic", "https://a-1.2f6e.privatelink.westeurope.azmk8s.io:443"),
        ("AzureUSGovernment", "https://a-1.hcp.usgovvirginia.cx.aks.containerservice.azure.us:443"),
        ("AzureChina", "https://a-1.hcp.chinaeast2.cx.prod.service.azk8s.cn:443"),
    ],
)
def test_each_cloud_has_its_own_servers(cloud: str, server: str) -> None:
    assert access(LOCAL_TOKEN, cloud, server=server).base.url == server.removesuffix(":443")
    other = "AzureChina" if cloud != "AzureChina" else "AzurePublic"
    with pytest.raises(PlatformRefused):
        access(LOCAL_TOKEN, other, server=server)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"kubeconfigs": []},
        {"kubeconfigs": [{"value": "%%"}]},
        {"kubeconfigs": [{"value": encoded("[]")}]},
        {"kubeconfigs": [{"value": encoded("a: b: c")}]},
        {"kubeconfigs": [{"value": encoded("current-context: x")}]},
    ],
)
def test_an_answer_without_a_kubeconfig_is_unexpected(answer: dict[str, Any]) -> None:
    rule = KubernetesAttributes.of(a_platform()).server_rule
    with pytest.raises(UnexpectedAnswer):
        read_kubeconfigs(answer, rule, entra)


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError

    def forget(self, reference: str) -> None: ...


class Management:
    """Replaces the sign-in at Azure Resource Manager, and the age of the kubeconfig."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply) -> None:
        self.time = 0.0
        self.transport = ScriptedTransport(replies)
        fixed = HeaderToken(FixedToken(Secret("arm")))
        monkeypatch.setattr(client_module, "entra_authenticator", lambda *_, **__: fixed)
        monkeypatch.setattr(
            "polysync_core.platforms.azure.sign_in.entra_authenticator", lambda *_, **__: fixed
        )
        http = HttpOptions(transport=self.transport, timer=VirtualTime().timer)
        context = PluginContext(secrets=NoSecrets(), http=http)
        self.client = KubernetesClient(a_platform(), context, clock=lambda: self.time)

    @property
    def calls(self) -> list[str]:
        return [str(each.url).rpartition("/")[2].partition("?")[0] for each in self.requests]

    @property
    def requests(self) -> list[Any]:
        return list(self.transport.requests)


KUBECONFIG = Reply.json(an_answer(LOCAL_TOKEN))
RENEWED = Reply.json(an_answer({"token": "fedcba"}))
JOB = Reply.json({"metadata": {"name": "x"}})


def test_the_kubeconfig_is_kept_for_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    management = Management(monkeypatch, KUBECONFIG, JOB, JOB, RENEWED, JOB)

    management.client.job("x")
    management.time = ACCESS_SECONDS - 1
    management.client.job("x")
    management.time = ACCESS_SECONDS + 1
    management.client.job("x")

    assert management.calls == ["listClusterUserCredential", "x", "x", *management.calls[:2]]
    assert management.requests[-1].headers["Authorization"] == "Bearer fedcba"


def test_a_refused_credential_is_read_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Reply.json({"kind": "Status", "reason": "Unauthorized"}, status=401)
    management = Management(monkeypatch, KUBECONFIG, refusal, RENEWED, JOB)

    management.client.job("x")

    assert management.calls == ["listClusterUserCredential", "x", "listClusterUserCredential", "x"]
    assert management.requests[-1].headers["Authorization"] == "Bearer fedcba"


def test_a_list_that_expires_goes_on_with_the_token_of_the_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Reply.json({"metadata": {"continue": "t1"}, "items": [{"metadata": {"name": "a"}}]})
    expired = {"kind": "Status", "reason": "Expired", "metadata": {"continue": "t2"}}
    last = Reply.json({"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
    management = Management(monkeypatch, KUBECONFIG, first, Reply.json(expired, status=410), last)

    found = [each["metadata"] for each in management.client.listed("jobs")]

    assert found == [{"name": "a"}, {"name": "b"}]
    assert "continue=t2" in management.requests[-1].url


def test_a_list_that_cannot_go_on_is_not_taken_for_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Reply.json({"metadata": {"continue": "t1"}, "items": []})
    expired = Reply.json({"kind": "Status", "reason": "Expired", "metadata": {}}, status=410)
    management = Management(monkeypatch, KUBECONFIG, first, expired)
    with pytest.raises(Unavailable):
        list(management.client.listed("jobs"))
