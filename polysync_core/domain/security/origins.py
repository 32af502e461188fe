"""Parses the allowed origins: websites whose pages may call the API (CORS)."""

from __future__ import annotations

import re

from polysync_core.domain.errors import Invalid

_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535
_REMEDY = "name each origin as a browser sends it, such as https://app.example.com"


def read_origins(text: str) -> frozenset[str]:
    """Return the origins of a comma-separated list, or raise `Invalid`.

    A wildcard is refused, and so is an origin without encryption on another machine.
    """
    return frozenset(_checked(each.strip()) for each in text.split(",") if each.strip())


def _checked(origin: str) -> str:
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        raise Invalid.at("", f"'{origin}' is no origin: {_REMEDY}")
    scheme, host, port = found.groups()
    if scheme == "http" and host not in _LOOPBACK:
        raise Invalid.at("", f"'{origin}' has no encryption: use https, or http on this machine")
    if port is not None and (port == _DEFAULT_PORTS[scheme] or int(port) > _MAX_PORT):
        raise Invalid.at("", f"'{origin}' has a port that no browser sends: {_REMEDY}")
    return origin
