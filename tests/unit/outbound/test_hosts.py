"""Tests of the host names and network addresses that a connection may go to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import AddressScope, HostRule

RULE = HostRule(suffixes=(".azuredatabricks.net",), example="https://adb-1.7.azuredatabricks.net")
DEVELOPMENT = HostRule(
    suffixes=(".azuredatabricks.net",), example="https://x.azuredatabricks.net", allow_loopback=True
)


@pytest.mark.parametrize(
    "text",
    [
        "https://adb-1.7.azuredatabricks.net",
        "https://adb-1.7.azuredatabricks.net/",
        "https://adb-1.7.azuredatabricks.net:443",
        "HTTPS://ADB-1.7.AzureDatabricks.net",
    ],
)
def test_a_workspace_is_reached_by_https_at_its_name(text: str) -> None:
    found = RULE.read(text, path="attributes.workspaceUrl")

    assert found.url == "https://adb-1.7.azuredatabricks.net"
    assert found.scope is AddressScope.PUBLIC


REFUSED = [
    "",
    "adb-1.7.azuredatabricks.net",
    "http://adb-1.7.azuredatabricks.net",
    "ftp://adb-1.7.azuredatabricks.net",
    "file:///etc/passwd",
    "//adb-1.7.azuredatabricks.net",
    "https:adb-1.7.azuredatabricks.net",
    "https://user@adb-1.7.azuredatabricks.net",
    "https://user:pw@adb-1.7.azuredatabricks.net",
    "https://adb-1.7.azuredatabricks.net@evil.example",
    "https://evil.example#.azuredatabricks.net",
    "https://evil.example?.azuredatabricks.net",
    "https://evil.example/.azuredatabricks.net",
    "https://evil.example\\.azuredatabricks.net",
    "https://evil.example",
    "https://evilazuredatabricks.net",
    "https://azuredatabricks.net",
    "https://.azuredatabricks.net",
    "https://a..azuredatabricks.net",
    "https://-a.azuredatabricks.net",
    "https://adb-1.7.azuredatabricks.net.",
    "https://adb-1.7.azuredatabricks.net.evil.example",
    "https://adb-1.7.azuredatabricks.net:8443",
    "https://adb-1.7.azuredatabricks.net:443:443",
    "https://adb-1.7.azuredatabricks.net:0443",
    "https://adb-1.7.azuredatabricks.net:443@evil.example",
    "https://adb-1.7.azuredatabricks.net/?o=1",
    "https://adb-1.7.azuredatabricks.net/path",
    "https://adb-1.7.azuredatabricks.net#x",
    "https://adb-1.7.azuredatabricks.net\n",
    "https://adb-1.7.azuredatabricks.net\t",
    " https://adb-1.7.azuredatabricks.net",
    "https://adb-1.7.azuredatabricks。net",
    "https://\uff41db-1.7.azuredatabricks.net",
    "https://adb%2e.azuredatabricks.net",
    "https://127.0.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://127.1",
    "https://0177.0.0.1",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://169.254.169.254",
    "https://10.0.0.8",
    "https://localhost",
    "https://metadata.google.internal",
    "https://" + "a" * 260 + ".azuredatabricks.net",
    "http://127.0.0.1:8787",
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_any_other_address_is_refused_at_its_path(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        RULE.read(text, path="attributes.workspaceUrl")

    (problem,) = caught.value.problems
    assert problem.path == "attributes.workspaceUrl"
    assert problem.message.endswith("such as https://adb-1.7.azuredatabricks.net")


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787/", "http://localhost:1", "http://localhost"],
)
def test_loopback_is_allowed_for_development(text: str) -> None:
    assert DEVELOPMENT.read(text, path="x").scope is AddressScope.LOOPBACK


@pytest.mark.parametrize(
    "text",
    [
        *REFUSED[:-1],
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1:8787@evil.example",
        "http://127.0.0.2:8787",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1:80",
        "http://[::1]:80",
        "http://127.0.0.1:80/path",
        "http://127.0.0.1:80\n",
        "http://evil@127.0.0.1:80",
    ],
    ids=ascii,
)
def test_development_opens_loopback_and_nothing_else(text: str) -> None:
    with pytest.raises(Invalid):
        DEVELOPMENT.read(text, path="x")


@given(st.text(max_size=60))
def test_every_accepted_address_has_a_host_below_the_suffix(text: str) -> None:
    try:
        found = RULE.read(f"https://{text}", path="x")
    except Invalid:
        return
    assert found.url == f"https://{found.host}"
    assert found.host.endswith(".azuredatabricks.net")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused here, not bound to
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "2001:db8::1",
        "nonsense",
        "",
        "::127.0.0.1",
        "::10.0.0.1",
        "::20.42.4.211",
        "::ffff:0:127.0.0.1",
        "::ffff:0:20.42.4.211",
        "0:0:0:0:0:FFFF:7F00:0001",
        "64:ff9b::10.0.0.1",
        "64:FF9B:0:0:0:0:A9FE:A9FE",
        "64:ff9b:1::1422:4d3",
        "64:ff9b:2::1",
        "100::1",
        "1::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:1ff:ffff::1",
        "2002:142a:4d3::1",
        "2620:4f:8000::1",
        "3fff::1",
        "3fff:0fff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "c000::1",
        "e000::1",
        "f000::1",
        "fec0::1",
        "feff::1",
        "fd00:ec2::254",
        "192.88.99.1",
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "2130706433",
        "0x7f.1",
        "127.1",
        "[::1]",
    ],
)
def test_no_address_inside_a_network_is_public(address: str) -> None:
    assert not AddressScope.PUBLIC.allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "20.42.4.211",
        "2603:1030:f:1::1",
        "2603:1030:000F:0001:0:0:0:1",
        "::ffff:20.42.4.211",
        "::FFFF:142A:4D3",
        "64:ff9b::20.42.4.211",
        "2001:200::1",
        "2a00:1450:4001:81b::200e",
    ],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert AddressScope.PUBLIC.allows(address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("20.42.4.211", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_reaches_this_machine_only(address: str, allowed: bool) -> None:
    assert AddressScope.LOOPBACK.allows(address) is allowed


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("169.254.169.254", True),
        ("::ffff:169.254.169.254", True),
        ("169.254.169.253", False),
        ("127.0.0.1", False),
        ("8.8.8.8", False),
    ],
)
def test_the_metadata_service_is_one_address(address: str, allowed: bool) -> None:
    assert AddressScope.METADATA.allows(address) is allowed


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("172.31.255.255", True),
        ("192.168.1.1", True),
        ("::ffff:10.0.0.1", True),
        ("fd12:3456::1", True),
        ("20.42.4.211", True),
        ("2603:1030:f:1::1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("169.254.169.254", False),
        ("168.63.129.16", False),
        ("172.32.0.1", True),
        ("100.64.0.1", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("fd20:ce::254", False),
        ("224.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_a_private_network_includes_neither_loopback_nor_link_local_addresses(
    address: str, allowed: bool
) -> None:
    assert AddressScope.PRIVATE.allows(address) is allowed


ANY_PORT = HostRule(suffixes=("",), example="https://vault.example.com:8200", allow_port=True)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://vault.example.com:8200", "https://vault.example.com:8200"),
        ("https://Vault.Example.com:8200/", "https://vault.example.com:8200"),
        ("https://vault.example.com", "https://vault.example.com"),
        ("https://vault.example.com:443", "https://vault.example.com"),
    ],
)
def test_a_service_with_a_port_of_its_own_is_reached_there(text: str, url: str) -> None:
    found = ANY_PORT.read(text, path="address")

    assert (found.url, found.host) == (url, "vault.example.com")


@pytest.mark.parametrize(
    "text",
    [
        "https://vault.example.com:",
        "https://vault.example.com:0",
        "https://vault.example.com:65536",
        "https://vault.example.com:+80",
        "https://vault.example.com:80:80",
        "https://vault.example.com:٨٢",
        "https://10.0.0.1:8200",
        "https://[::1]:8200",
        "https://vault:8200",
    ],
    ids=ascii,
)
def test_a_port_does_not_permit_a_refused_host(text: str) -> None:
    with pytest.raises(Invalid):
        ANY_PORT.read(text, path="address")
