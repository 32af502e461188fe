"""The decision who can reach the host, and which environment applies."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_embedded.exposure import decide_environment, read_address
from polysync_embedded.options import Options, StartRefused
from polysync_embedded.web_server import listen, own_url

LOCAL = ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1", "[::1]", "::ffff:127.0.0.1"]
BEYOND = ["0.0.0.0", "::", "10.0.0.5", "203.0.113.7", "fe80::1", "::ffff:10.0.0.5"]  # noqa: S104
KEYS = {"POLYSYNC_ACCESS_KEYS": str(new_access_key("ci", Role.OPERATOR)[1])}
ISSUER = {"POLYSYNC_OIDC_ISSUER": "https://id.example.com"}
DEVELOPMENT = {"POLYSYNC_ENVIRONMENT": "development"}
PRODUCTION = {"POLYSYNC_ENVIRONMENT": "production"}


@pytest.mark.parametrize("host", LOCAL)
@pytest.mark.parametrize("variables", [{}, DEVELOPMENT, {"POLYSYNC_ENVIRONMENT": ""}])
def test_this_machine_is_development(host: str, variables: dict[str, str]) -> None:
    assert decide_environment(Options(host=host), variables | KEYS) == "development"
    assert decide_environment(Options(host=host), variables) == "development"


@pytest.mark.parametrize("host", BEYOND)
@pytest.mark.parametrize("sign_in", [KEYS, ISSUER, KEYS | ISSUER])
@pytest.mark.parametrize("variables", [{}, PRODUCTION])
def test_other_machines_mean_production(
    host: str, sign_in: dict[str, str], variables: dict[str, str]
) -> None:
    assert decide_environment(Options(host=host), variables | sign_in) == "production"


@pytest.mark.parametrize("host", BEYOND)
@pytest.mark.parametrize("sign_in", [{}, {"POLYSYNC_ACCESS_KEYS": " "}])
@pytest.mark.parametrize("variables", [{}, PRODUCTION])
def test_other_machines_must_sign_in(
    host: str, sign_in: dict[str, str], variables: dict[str, str]
) -> None:
    with pytest.raises(StartRefused) as refusal:
        decide_environment(Options(host=host), variables | sign_in)

    assert str(refusal.value) == (
        f"--host {host} listens beyond this machine, so callers must sign in: set "
        "POLYSYNC_ACCESS_KEYS or POLYSYNC_OIDC_ISSUER."
    )


@pytest.mark.parametrize("host", BEYOND)
@pytest.mark.parametrize("sign_in", [{}, KEYS, ISSUER])
def test_development_mode_never_listens_beyond_this_machine(
    host: str, sign_in: dict[str, str]
) -> None:
    with pytest.raises(StartRefused, match="no sign-in: unset POLYSYNC_ENVIRONMENT"):
        decide_environment(Options(host=host), DEVELOPMENT | sign_in)


def test_production_on_this_machine_needs_callers_that_can_sign_in() -> None:
    with pytest.raises(StartRefused, match="production, so callers must sign in: set POLYSYNC_"):
        decide_environment(Options(), PRODUCTION)
    assert decide_environment(Options(), PRODUCTION | KEYS) == "production"


@pytest.mark.parametrize("text", ["True", "true"])
def test_the_header_of_app_service_is_never_trusted_here(text: str) -> None:
    with pytest.raises(StartRefused, match="unset WEBSITE_AUTH_ENABLED"):
        decide_environment(Options(), PRODUCTION | KEYS | {"WEBSITE_AUTH_ENABLED": text})


def test_simulators_need_development_mode() -> None:
    options = Options(host="0.0.0.0", simulators=True)  # noqa: S104
    with pytest.raises(StartRefused, match="--simulators needs development mode"):
        decide_environment(options, KEYS)


def test_a_wrong_environment_is_left_to_the_settings() -> None:
    assert decide_environment(Options(), {"POLYSYNC_ENVIRONMENT": "test"}) == "test"


@pytest.mark.parametrize("host", ["box.example.com", "", "127.1", "0", "*", "1.2.3.4:80", "::1/64"])
def test_only_addresses_are_accepted(host: str) -> None:
    with pytest.raises(StartRefused, match="is not an IP address: give --host an address"):
        read_address(host)


def test_an_address_of_another_machine_is_one_clear_sentence() -> None:
    with pytest.raises(StartRefused, match=r"cannot listen on 203\.0\.113\.7 .*--host\.$"):
        listen(0, ip_address("203.0.113.7"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "[::1]")],
)
def test_the_address_of_the_api_is_one_that_this_machine_can_call(address: str, shown: str) -> None:
    with _listening(address) as listening:
        assert own_url(listening) == f"http://{shown}:{listening.getsockname()[1]}"


class _Unbound:
    def getsockname(self) -> tuple[str, int]:
        return ("0.0.0.0", 7071)  # noqa: S104


def test_every_address_is_shown_as_loopback() -> None:
    assert own_url(_Unbound()) == "http://127.0.0.1:7071"  # pyright: ignore[reportArgumentType]


def _listening(address: str) -> socket.socket:
    try:
        return listen(0, ip_address(address))
    except StartRefused:
        pytest.skip(f"this machine has no {address}")
