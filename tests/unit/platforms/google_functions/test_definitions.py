"""Definitions of Google Cloud Functions platforms, and the credentials of calls."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, SimulatorToken
from polysync_core.outbound.sign_in.google import GoogleSignIn
from polysync_core.platforms.google.sign_in import (
    access_authenticator,
    identity_authenticator,
)
from polysync_core.platforms.google_functions.client import ADDRESS_TTL_SECONDS, AddressCache
from polysync_core.platforms.google_functions.external_id import FunctionName
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.registry import check_platform
from tests.fakes.builders import problems_of

DEFAULT = {"method": "ApplicationDefault"}
NAME = FunctionName(project="acme-data-1", region="europe-west3", function="publish")


def a_platform(auth: dict[str, str] = DEFAULT, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "functions",
            "type": "GoogleCloudFunctions",
            "auth": auth,
            "attributes": {"projectId": "acme-data-1", "region": "europe-west3", **attributes},
        }
    )


def problems(platform: Platform) -> list[str]:
    found = problems_of(lambda: check_platform(platform, allow_loopback=False))
    return [problem.path for problem in found]


def test_a_valid_definition_is_accepted() -> None:
    assert problems(a_platform(functionName="publish")) == []
    key = {"method": "ServiceAccountKey", "keyJson": "vault://keys/google"}
    assert problems(a_platform(key, projectId="123456789")) == []


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        (a_platform({"method": "ManagedIdentity"}), "auth.method"),
        (a_platform({"method": "ServiceAccountKey"}), "auth.keyJson"),
        (a_platform(projectId="a/b"), "attributes.projectId"),
        (a_platform(region="Europe"), "attributes.region"),
        (a_platform(functionName="../x"), "attributes.functionName"),
        (a_platform(endpoint="http://127.0.0.1:8790"), "attributes.endpoint"),
        (a_platform(functionUrl="https://evil.example"), "attributes.functionUrl"),
    ],
)
def test_an_invalid_field_is_refused_with_its_path(platform: Platform, path: str) -> None:
    assert problems(platform) == [path]


@dataclasses.dataclass
class World:
    """The addresses from Google and the clients that were made for them."""

    address: str
    at: float = 1e9
    asked: int = 0
    made: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def addresses(self) -> AddressCache:
        return AddressCache(
            address=self._address,
            client=self._client,
            simulator=None,
            now=lambda: datetime.fromtimestamp(self.at, UTC),
        )

    def _address(self, name: FunctionName) -> str:
        self.asked += 1
        return self.address

    def _client(self, base: BaseAddress, audience: str) -> PlatformClient:
        self.made.append((base.url, audience))
        return PlatformClient(base, None)


@pytest.mark.parametrize(
    ("address", "base", "path", "audience"),
    [
        pytest.param(
            "https://publish-abc123-ey.a.run.app",
            "https://publish-abc123-ey.a.run.app",
            (),
            "https://publish-abc123-ey.a.run.app",
            id="the second generation",
        ),
        pytest.param(
            "https://europe-west3-acme-data-1.cloudfunctions.net/publish",
            "https://europe-west3-acme-data-1.cloudfunctions.net",
            ("publish",),
            "https://europe-west3-acme-data-1.cloudfunctions.net/publish",
            id="the first generation",
        ),
    ],
)
def test_a_function_is_called_at_its_address_with_a_token_for_it_only(
    address: str, base: str, path: tuple[str, ...], audience: str
) -> None:
    world = World(address)

    endpoint = world.addresses().to(NAME)

    assert (endpoint.client.base.url, endpoint.path) == (base, path)
    assert world.made == [(base, audience)]


@pytest.mark.parametrize(
    "address",
    [
        "http://x.a.run.app",
        "https://run.app.evil.example",
        "https://x.a.run.app@evil.example",
        "https://10.0.0.1",
        "https://x.a.run.app/?a=1",
        "https://x.a.run.app/../y",
        "publish",
        "",
    ],
)
def test_an_address_on_another_host_is_refused(address: str) -> None:
    world = World(address)

    with pytest.raises(PlatformRefused, match="not on a Google host"):
        world.addresses().to(NAME)
    assert not world.made


def test_an_address_is_read_again_after_its_lifetime_and_after_a_clock_change() -> None:
    world = World("https://publish-abc123-ey.a.run.app")
    addresses = world.addresses()
    for at in (0, ADDRESS_TTL_SECONDS - 1, ADDRESS_TTL_SECONDS + 1, -10):
        world.at = 1e9 + at
        addresses.to(NAME)

    assert world.asked == 3


def test_a_simulator_gets_no_real_token_and_google_gets_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    audiences: list[str] = []
    monkeypatch.setattr(
        GoogleSignIn, "identity_token", lambda _, audience: audiences.append(audience)
    )
    auth = Auth.model_validate(DEFAULT)
    simulator = BaseAddress("http://127.0.0.1:1", "127.0.0.1", AddressScope.LOOPBACK)
    google = BaseAddress("https://x.a.run.app", "x.a.run.app", AddressScope.PUBLIC)

    def token_of(authenticator: Authenticator) -> object:
        assert isinstance(authenticator, HeaderToken)
        return authenticator.source

    access = access_authenticator(auth, _Secrets(), simulator)
    identity = identity_authenticator(auth, _Secrets(), simulator, "a")
    assert isinstance(token_of(access), SimulatorToken)
    assert isinstance(token_of(identity), SimulatorToken)
    identity_authenticator(auth, _Secrets(), google, "https://x.a.run.app")
    assert audiences == ["https://x.a.run.app"]


class _Secrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError

    def forget(self, reference: str) -> None: ...
