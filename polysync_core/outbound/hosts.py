"""Checks host names and IP addresses of outgoing requests, to prevent SSRF.

The name is checked when a definition is saved: https, a suffix from the service's own list, no
user information, port or path. The resolved address is checked when a connection is opened
(`AddressScope`), so a public name that resolves to a private address is refused.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from polysync_core.domain.errors import Invalid

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
# The last label of a public name holds a letter and is not hexadecimal notation: `127.1` and
# `0x7f.0x1` are spellings of an address (WHATWG URL, "ends in a number").
_ADDRESS_LIKE = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LOOPBACK = re.compile(r"http://(?P<host>127\.0\.0\.1|localhost)(?::(?P<port>[1-9][0-9]{0,4}))?/?")

_ORIGIN = re.compile(r"[a-z]+://[^/?#]+")

_HOSTS_OWN = frozenset({IPv4Address("168.63.129.16")})
"""A public address that the Azure host of the machine answers:
https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16"""

_METADATA = IPv4Address("169.254.169.254")
_METADATA_ELSEWHERE = frozenset({IPv6Address("fd00:ec2::254"), IPv6Address("fd20:ce::254")})
"""Metadata services of other clouds: inside the private range, but never allowed."""
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))

_GLOBAL_UNICAST = ip_network("2000::/3")
"""The only IPv6 addresses that IANA gives to networks of the internet."""
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # protocol assignments, such as Teredo
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: the address holds an IPv4 address
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
"""Addresses for special purposes within the public ranges:
https://www.iana.org/assignments/iana-ipv6-special-registry"""

type Address = IPv4Address | IPv6Address


class AddressScope(StrEnum):
    """The addresses that a connection may go to."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    """Public and private addresses, for hosts that the deployment lists."""
    METADATA = "metadata"
    """Only the metadata service of a cloud machine."""

    def allows(self, address: str) -> bool:
        """Return whether a connection to a resolved address is allowed."""
        try:
            found = _unmapped(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if self is AddressScope.LOOPBACK:
            return found.is_loopback
        if self is AddressScope.METADATA:
            return found == _METADATA
        if self is AddressScope.PRIVATE and _is_private(found):
            return True
        return _is_public(found)


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """A checked `scheme://host[:port]`, without a trailing slash."""

    url: str
    host: str
    scope: AddressScope

    @property
    def authority(self) -> str:
        """The host, with its port if the address names one."""
        return self.url.partition("://")[2].partition("/")[0]

    def scope_with(self, private_hosts: Container[str]) -> AddressScope:
        """Return the allowed addresses; the listed hosts may be private."""
        if self.scope is AddressScope.PUBLIC and self.host in private_hosts:
            return AddressScope.PRIVATE
        return self.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRule:
    """The rule for the address of a service."""

    suffixes: Sequence[str]
    """Endings of the host's name, each beginning with a dot."""
    example: str
    allow_loopback: bool = False
    """True if `http://127.0.0.1:<port>` or `localhost` is allowed (development only)."""
    allow_port: bool = False
    """True if the address may name a port, for services that do not listen on 443."""

    def read(self, text: str, *, path: str) -> BaseAddress:
        """Return the checked address; raises `Invalid` at `path` with the broken rule."""
        loopback = _LOOPBACK.fullmatch(text)
        if loopback is not None and self.allow_loopback:
            return _loopback(text, loopback, path)
        problem = self._problem(text)
        if problem is not None:
            raise Invalid.at(path, f"{problem}; expected an address such as {self.example}")
        address = _host_of(text).lower()
        return BaseAddress(f"https://{address}", address.partition(":")[0], AddressScope.PUBLIC)

    def _problem(self, text: str) -> str | None:
        scheme = _SCHEME.fullmatch(text)
        if scheme is None or scheme["scheme"].lower() != "https":
            return "only https addresses are allowed"
        if not text.isascii() or any(not " " < character < "\x7f" for character in text):
            return "the address holds a character that no host name has"
        rest = scheme["rest"]
        if "@" in rest:
            return "an address holds no user information"
        if "\\" in rest or re.search(r"[/?#].", rest) or rest.endswith(("?", "#")):
            return "only the scheme and the host are wanted, without path, query or fragment"
        return self._host_problem(_host_of(text).lower())

    def _host_problem(self, address: str) -> str | None:
        host, colon, port = address.partition(":")
        if host.startswith("[") or _ADDRESS_LIKE.fullmatch(host):
            return "a host is given by its name, not by an address"
        if colon and not self.allow_port:
            return "only the standard port is allowed"
        if colon and not (_PORT.fullmatch(port) and int(port) <= 65535):
            return "a port is a number from 1 to 65535"
        if len(host) > 253 or _NAME.fullmatch(host) is None:
            return "the host is not a public name"
        if not any(host.endswith(suffix) and host != suffix for suffix in self.suffixes):
            return f"the host must end in {' or '.join(self.suffixes)}"
        return None


def read_private_hosts(text: str) -> frozenset[str]:
    """Return the host names of a comma-separated list; raises `Invalid` for other entries."""
    entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
    for entry in entries:
        if _NAME.fullmatch(entry) is None or _ADDRESS_LIKE.fullmatch(entry) or len(entry) > 253:
            message = (
                f"{entry!r} is not a host name; write whole names such as vault.corp.example"
                " between commas, without https://, port or *"
            )
            raise Invalid.at("", message)
    return frozenset(entries)


def base_from_service(address: str, suffixes: Sequence[str]) -> BaseAddress | None:
    """Return the base of a service's own link, or None for a foreign host.

    The path and the query are ignored.
    """
    origin = _ORIGIN.match(address)
    if origin is None:
        return None
    try:
        return HostRule(suffixes=suffixes, example="").read(origin[0], path="")
    except Invalid:
        return None


def _host_of(text: str) -> str:
    rest = text.partition("://")[2].removesuffix("/")
    return rest.removesuffix(":443")


def _loopback(text: str, found: re.Match[str], path: str) -> BaseAddress:
    if int(found["port"] or 80) > 65535:
        raise Invalid.at(path, "a port is at most 65535")
    return BaseAddress(text.removesuffix("/"), found["host"], AddressScope.LOOPBACK)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return (
        address.is_global
        and not address.is_multicast
        and address not in _HOSTS_OWN
        and not any(address in each for each in _SPECIAL)
    )


def _is_private(address: Address) -> bool:
    return address not in _METADATA_ELSEWHERE and any(address in each for each in _PRIVATE)


def _unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address embeds."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    nat64 = address.packed.startswith(b"\x00\x64\xff\x9b" + bytes(8))
    return IPv4Address(address.packed[12:]) if nat64 else address


def simulator_address(endpoint: str, *, allow_loopback: bool) -> BaseAddress:
    """Return the checked address of a simulator on this machine; raises `Invalid`."""
    if not allow_loopback:
        raise Invalid.at(
            "attributes.endpoint", "a simulator is allowed in development only: remove it"
        )
    rule = HostRule(suffixes=(), example="http://127.0.0.1:8787", allow_loopback=True)
    return rule.read(endpoint, path="attributes.endpoint")
