"""Definitions of a function app and the addresses of its calls."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.registry import check_platform
from tests.fakes.builders import problems_of

ATTRIBUTES = {
    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
    "resourceGroupName": "rg-data",
    "functionAppName": "Sales-App",
}
IDENTITY = {"method": "ManagedIdentity"}
KEY = {"method": "FunctionKey", "functionKey": "vault://keys/app"}


def a_platform(auth: dict[str, str] = IDENTITY, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "functions",
            "type": "AzureFunctions",
            "auth": auth,
            "attributes": {**ATTRIBUTES, **attributes},
        }
    )


def problems(platform: Platform, *, allow_loopback: bool = False) -> list[str]:
    found = problems_of(lambda: check_platform(platform, allow_loopback=allow_loopback))
    return [problem.path for problem in found]


@pytest.mark.parametrize(
    ("cloud", "address"),
    [
        ("AzurePublic", "https://sales-app.azurewebsites.net"),
        ("AzureUSGovernment", "https://sales-app.azurewebsites.us"),
        ("AzureChina", "https://sales-app.chinacloudsites.cn"),
    ],
)
def test_the_address_of_an_app_is_its_name_in_its_cloud(cloud: str, address: str) -> None:
    attributes = FunctionsAttributes.of(a_platform(cloud=cloud))

    assert attributes.app_address(allow_loopback=False).url == address


def test_an_app_may_have_another_host() -> None:
    host = "https://sales-app-a1b2.westeurope-01.azurewebsites.net"
    attributes = FunctionsAttributes.of(a_platform(functionAppUrl=host, routePrefix="v1/fn"))

    assert attributes.app_address(allow_loopback=False).url == host
    assert attributes.prefix == ("v1", "fn")
    assert FunctionsAttributes.of(a_platform(routePrefix="")).prefix == ()


@pytest.mark.parametrize("auth", [IDENTITY, KEY, {**KEY, "systemKey": "vault://keys/durable"}])
def test_valid_definitions_are_accepted(auth: dict[str, str]) -> None:
    assert problems(a_platform(auth)) == []


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        pytest.param(a_platform({"method": "FunctionKey"}), "auth.functionKey", id="no key at all"),
        pytest.param(
            a_platform({"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"}),
            "auth.method",
            id="another platform's method",
        ),
        pytest.param(
            a_platform({**IDENTITY, "functionKey": "vault://v/k"}),
            "auth.functionKey",
            id="a key beside an identity",
        ),
        pytest.param(
            a_platform(KEY, audience="api://x"), "attributes.audience", id="a token beside a key"
        ),
        pytest.param(
            a_platform(audience="https://management.azure.com"),
            "attributes.audience",
            id="a token for another service",
        ),
        pytest.param(
            a_platform(functionAppUrl="https://evil.example"),
            "attributes.functionAppUrl",
            id="another host",
        ),
        pytest.param(
            a_platform(functionAppUrl="https://x.azurewebsites.net/admin"),
            "attributes.functionAppUrl",
            id="a path",
        ),
        pytest.param(
            a_platform(functionAppName="a/b"),
            "attributes.functionAppName",
            id="no name",
        ),
        pytest.param(
            a_platform(routePrefix="../admin"), "attributes.routePrefix", id="a way out of the app"
        ),
        pytest.param(
            a_platform(endpoint="http://127.0.0.1:8791"), "attributes.endpoint", id="a simulator"
        ),
    ],
)
def test_an_invalid_field_is_refused_with_its_path(platform: Platform, path: str) -> None:
    assert problems(platform) == [path]


def test_a_simulator_receives_all_calls_in_development() -> None:
    platform = a_platform(endpoint="http://127.0.0.1:8791")
    attributes = FunctionsAttributes.of(platform)

    assert problems(platform, allow_loopback=True) == []
    for address in (attributes.app_address, attributes.management_address):
        assert address(allow_loopback=True).url == "http://127.0.0.1:8791"


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("audience", "API://app"), ("routePrefix", "a b"), ("functionAppName", "my app!")],
)
def test_a_value_of_another_form_is_refused_with_the_expected_form(
    attribute: str, value: str
) -> None:
    (problem,) = problems_of(
        lambda: check_platform(a_platform(**{attribute: value}), allow_loopback=False)
    )

    assert problem.path == f"attributes.{attribute}"
    assert problem.message.startswith("does not match the regular expression ^")
