"""The parts that all Azure platforms share: addresses, sign-in and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.sign_in.authenticators import HeaderToken, SimulatorToken
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.answer_messages import refusal_in
from polysync_core.platforms.azure.attributes import ArmAttributes, check_azure_platform
from polysync_core.platforms.azure.clouds import management_address, management_scope, portal_url
from polysync_core.platforms.azure.refusals import AzureRefusals, azure_credential_rules
from polysync_core.platforms.azure.sign_in import entra_authenticator
from polysync_core.platforms.calls import Refusal

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-111122223333"
ATTRIBUTES = {"subscriptionId": SUBSCRIPTION, "resourceGroupName": "rg-data"}
REFUSED = AzureRefusals(service="Azure X", permission="grant it the role X Operator")


def a_platform(**attributes: Any) -> Platform:
    return Platform(
        name="azure",
        type="AzureDataFactory",
        auth=Auth(method=AuthMethod.MANAGED_IDENTITY),
        attributes={**ATTRIBUTES, **attributes},
    )


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


@pytest.mark.parametrize(
    ("cloud", "host", "portal"),
    [
        (Cloud.PUBLIC, "management.azure.com", "https://portal.azure.com"),
        (Cloud.US_GOVERNMENT, "management.usgovcloudapi.net", "https://portal.azure.us"),
        (Cloud.CHINA, "management.chinacloudapi.cn", "https://portal.azure.cn"),
    ],
)
def test_every_cloud_has_its_own_hosts_and_audience(cloud: Cloud, host: str, portal: str) -> None:
    address = ArmAttributes.of(a_platform(cloud=cloud)).management_address(allow_loopback=False)

    assert (address.url, address.host, address.scope) == (
        f"https://{host}",
        host,
        AddressScope.PUBLIC,
    )
    assert management_scope(cloud) == f"https://{host}/.default"
    assert portal_url(cloud) == portal


def test_a_resource_is_named_below_its_group() -> None:
    resource = ArmAttributes.of(a_platform()).resource("Microsoft.Web", "sites", "app")

    assert "/".join(resource) == (
        f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.Web/sites/app"
    )


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"subscriptionId": "../x"}, "attributes.subscriptionId"),
        ({"subscriptionId": SUBSCRIPTION + "\n"}, "attributes.subscriptionId"),
        ({"resourceGroupName": "a/b"}, "attributes.resourceGroupName"),
        ({"resourceGroupName": "rg."}, "attributes.resourceGroupName"),
        ({"resourceGroupName": ""}, "attributes.resourceGroupName"),
        ({"cloud": "AzureMoon"}, "attributes.cloud"),
        ({"endpoint": "https://evil.example"}, "attributes.endpoint"),
        ({"endpoint": "http://127.0.0.1:1/x"}, "attributes.endpoint"),
        ({"region": "west"}, "attributes.region"),
    ],
)
def test_invalid_attributes_are_reported_with_their_paths(
    attributes: dict[str, Any], path: str
) -> None:
    problems = check_azure_platform(a_platform(**attributes), ArmAttributes, allow_loopback=True)

    assert [problem.path for problem in problems] == [path]


def test_a_simulator_is_allowed_in_development_only() -> None:
    attributes = ArmAttributes.of(a_platform(endpoint="http://127.0.0.1:8787"))

    with pytest.raises(Invalid, match="development"):
        attributes.management_address(allow_loopback=False)
    address = attributes.management_address(allow_loopback=True)
    assert (address.url, address.scope) == ("http://127.0.0.1:8787", AddressScope.LOOPBACK)


def test_a_simulator_never_gets_a_real_token() -> None:
    auth = a_platform().auth
    simulator = ArmAttributes.of(a_platform(endpoint="http://127.0.0.1:1")).management_address(
        allow_loopback=True
    )
    real = management_address(Cloud.PUBLIC)

    def token_for(base: Any) -> Any:
        signed = entra_authenticator(auth, Cloud.PUBLIC, NoSecrets(), scope="s/.default", base=base)
        assert isinstance(signed, HeaderToken)
        return signed.source

    assert isinstance(token_for(simulator), SimulatorToken)
    assert token_for(simulator).token().reveal() == "token-of-a-simulator"
    assert not isinstance(token_for(real), SimulatorToken)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"error": {"code": "AuthorizationFailed"}}, "grant it the role X Operator"),
        (404, {"error": {"code": "ResourceGroupNotFound"}}, "resourceGroupName"),
        (404, {"code": "ResourceNotFound", "message": "secret"}, "deleted"),
        (400, {"error": {"code": "Strange", "message": "secret"}}, "Strange, status 400"),
        (400, {"error": {"code": "<script>"}}, "(status 400)"),
        (400, {"error": "secret"}, "(status 400)"),
    ],
)
def test_a_refusal_has_the_code_and_a_remedy_but_never_the_answers_text(
    status: int, body: dict[str, Any], words: str
) -> None:
    error = REFUSED(Refusal(status=status, body=body, host="management.azure.com"))

    assert isinstance(error, PlatformRefused)
    assert (error.status, error.cause) == (status, FailureCause.SUBMIT)
    assert words in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, {"code": "ServerBusy"}),
        (400, {"code": "ServiceUnavailable"}),
        (400, {"code": "BadRequest", "message": "Please try again later."}),
    ],
)
def test_a_busy_service_is_unavailable_with_any_status(status: int, error: dict[str, Any]) -> None:
    answer = Answer(status=status, content=json.dumps({"error": error}).encode())

    assert isinstance(REFUSED(refusal_in(answer, "management.azure.com")), Unavailable)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidAuthenticationTokenTenant", "another tenant"),
        ("ExpiredAuthenticationToken", "clock"),
        ("AuthenticationFailed", "wrong, expired or revoked"),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_token_has_the_cause_secret_and_a_remedy_for_its_code(
    code: str, words: str, status: int
) -> None:
    rules = azure_credential_rules(a_platform().auth)
    body = json.dumps({"error": {"code": code, "message": "canary"}}).encode()
    refusal = refusal_in(Answer(status=status, content=body), "management.azure.com")

    assert rules.is_refused(refusal)
    error = rules.error(refusal)
    assert (error.cause, error.status) == (FailureCause.SECRET, status)
    assert words in str(error)
    assert "canary" not in str(error)
