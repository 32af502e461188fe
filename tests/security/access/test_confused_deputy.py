"""A key or a token goes only to the hosts that its platform names."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import FixedToken, HeaderToken
from polysync_core.platforms.azure_functions import client as functions_client
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.azure_functions.client import FunctionClients
from polysync_core.platforms.calls import Call
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_platform, platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

KEY = "canary-of-the-victim"
VICTIM = {
    "hostNames": ["victim-app.azurewebsites.net", "Victim-ABC.westeurope-01.azurewebsites.net"]
}


class NoVault:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError(reference)

    def forget(self, reference: str) -> None: ...


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "p",
            "type": "AzureFunctions",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
                "resourceGroupName": "rg",
                "functionAppName": "victim-app",
                **attributes,
            },
        }
    )


class Azure:
    """Resource Manager, which knows one app, and every host of App Service."""

    def __init__(self, properties: Any) -> None:
        self.properties = properties
        self.transport = ScriptedTransport([self.answer])

    def answer(self, request: Any) -> Reply:
        if request.url.startswith("https://management.azure.com/"):
            if "listkeys" in request.url:
                keys = {"functionKeys": {"default": KEY}}
                return Reply.json({**keys, "systemKeys": {"durabletask_extension": KEY}})
            return Reply.json({"properties": self.properties})
        return Reply.json({})

    def call(self, platform: Platform, kind: str) -> None:
        """Call the app once."""
        attributes = FunctionsAttributes.of(platform)
        http = HttpOptions(transport=self.transport, timer=VirtualTime().timer)
        clients = FunctionClients(platform, attributes, PluginContext(secrets=NoVault(), http=http))
        app = attributes.app_address(allow_loopback=False)
        client = clients.to_functions(app) if kind == "functions" else clients.to_durable(app)
        for _ in range(2):
            client.exchange(Call(method="GET", segments=("x",)), lambda _: None)

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.transport.requests]


@pytest.fixture(autouse=True)
def entra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign calls with a fixed token instead of Entra's."""
    signed = HeaderToken(FixedToken(Secret("canary-token")))
    monkeypatch.setattr(functions_client, "entra_authenticator", lambda *_, **__: signed)


FOREIGN = {"functionAppUrl": "https://attacker.azurewebsites.net"}
AUDIENCE = {"audience": "api://victim"}


@pytest.mark.parametrize("kind", ["functions", "durable"])
@pytest.mark.parametrize(
    ("attributes", "properties"),
    [
        (FOREIGN, VICTIM),
        ({**FOREIGN, **AUDIENCE}, VICTIM),
        (FOREIGN, {}),
        (FOREIGN, {"hostNames": "attacker.azurewebsites.net"}),
        ({}, {"defaultHostName": "victim-app-x1.westeurope-01.azurewebsites.net"}),
    ],
)
def test_nothing_is_sent_to_the_host_of_another_app(
    kind: str, attributes: Any, properties: Any
) -> None:
    azure = Azure(properties)

    with pytest.raises(PlatformRefused, match="is not a host of the function app victim-app"):
        azure.call(a_platform(**attributes), kind)

    assert not [url for url in azure.urls if "attacker" in url or "listkeys" in url]
    assert all(url.startswith("https://management.azure.com/") for url in azure.urls)


@pytest.mark.parametrize("kind", ["functions", "durable"])
@pytest.mark.parametrize(
    ("attributes", "properties"),
    [
        ({}, VICTIM),
        ({}, {"defaultHostName": "VICTIM-app.azurewebsites.net"}),
        (AUDIENCE, VICTIM),
        ({"functionAppUrl": "https://victim-abc.westeurope-01.azurewebsites.net"}, VICTIM),
    ],
)
def test_the_hosts_of_an_app_are_read_once(kind: str, attributes: Any, properties: Any) -> None:
    azure = Azure(properties)
    azure.call(a_platform(**attributes), kind)

    sites = [url for url in azure.urls if "/sites/victim-app?" in url]
    assert len(sites) == 1
    assert len([url for url in azure.urls if url.endswith("/x")]) == 2


@pytest.mark.parametrize(
    "audience",
    [
        "api://AzureADTokenExchange",
        "api://azureadtokenexchange",
        "api://AzureADTokenExchange/",
        "api://AzureADTokenExchange//",
        "api://AzureADTokenExchange/.default",
        "api://AzureADTokenExchange/.default/.default",
        "api://AZUREADTOKENEXCHANGEUSGov",
        "api://AzureADTokenExchangeUSGov/.default",
        "api://AzureADTokenExchangeChina",
        "api://AzureADTokenExchangeUSNat",
        "api:///AzureADTokenExchange",
        "api://./AzureADTokenExchange",
        "api://fb60f99c-7a34-4190-8149-302f77469936",
        "api://FB60F99C-7A34-4190-8149-302F77469936/",
        "api://797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "api://6dae42f8-4368-4678-94ff-3960e28e3630",
        "api://00000003-0000-0000-c000-000000000000/.default",
        "api://management.azure.com",
        "api://management.core.windows.net/",
        "api://graph.microsoft.com",
        "api://vault.azure.net",
        "api://vault.usgovcloudapi.net",
        "api://vault.azure.cn/.default",
        "api://storage.azure.com",
        "https://management.azure.com",
        "https://vault.azure.net/.default",
        "00000003-0000-0000-c000-000000000000",
    ],
)
def test_an_audience_of_the_apps_own_rights_is_refused(audience: str) -> None:
    problems = platform_plugin("AzureFunctions").check(a_platform(audience=audience), False)

    assert [problem.path for problem in problems] == ["attributes.audience"]


@pytest.mark.parametrize(
    "audience", ["api://victim", "api://0b1f6471-1bf0-4dda-aec3-111122223333", "api://a.example/b"]
)
def test_the_audience_of_an_own_application_is_accepted(audience: str) -> None:
    check_platform(a_platform(audience=audience), allow_loopback=False)


def test_a_simulator_needs_no_named_host() -> None:
    loopback = BaseAddress("http://127.0.0.1:1", "127.0.0.1", AddressScope.LOOPBACK)
    azure = Azure({})
    http = HttpOptions(transport=azure.transport, timer=VirtualTime().timer)
    platform = a_platform()
    context = PluginContext(secrets=NoVault(), http=http)
    clients = FunctionClients(platform, FunctionsAttributes.of(platform), context)

    clients.to_functions(loopback).exchange(Call(method="GET", segments=("x",)), lambda _: None)

    assert azure.urls[-1] == "http://127.0.0.1:1/x"
