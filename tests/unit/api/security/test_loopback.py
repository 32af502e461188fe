"""Tests for callers in development mode, which must come from this machine."""

from __future__ import annotations

import pytest

from polysync_core.api.security.callers import (
    require_loopback,
)
from tests.unit.api.security.protected_app import World


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "[::1]:7071", "[::1]"])
def test_development_mode_accepts_loopback_hosts(host: str) -> None:
    world = World(require_loopback)

    assert world.send("PUT", "/definitions", {"host": host}).status_code == 200
    assert [caller.name for caller in world.app.callers if caller] == ["api"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "192.168.0.7:7071"}, id="a network address"),
        pytest.param({"host": "evil.example"}, id="DNS rebinding"),
        pytest.param({"host": "localhost.evil.example"}, id="a similar host name"),
        pytest.param(
            {"host": "127.0.0.1", "x-forwarded-host": "box.example"}, id="a forwarded foreign host"
        ),
        pytest.param(
            {"host": "localhost", "x-forwarded-for": "203.0.113.7, 127.0.0.1"}, id="a tunnel"
        ),
        pytest.param(
            {"host": "localhost", "x-forwarded-for": "unknown"}, id="an unknown origin of a proxy"
        ),
        pytest.param({"x-forwarded-for": "::1, 127.0.0.1, [::1]:50123"}, id="a local proxy"),
        pytest.param({"Forwarded": "for=127.0.0.1"}, id="the standard header"),
        pytest.param({"X-Forwarded-Proto": "https"}, id="a forwarded protocol"),
        pytest.param({"X-Real-IP": "127.0.0.1"}, id="the header of nginx"),
        pytest.param({"Via": "1.1 proxy"}, id="a named proxy"),
        pytest.param({"CF-Connecting-IP": "203.0.113.7"}, id="the header of Cloudflare"),
        pytest.param({"True-Client-IP": "203.0.113.7"}, id="the header of Akamai"),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "https://evil.example"},
            id="CSRF from a foreign page",
        ),
        pytest.param({"host": "127.0.0.1:7071", "origin": "null"}, id="an opaque origin"),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "http://localhost.evil.example"},
            id="a page with a similar host name",
        ),
    ],
)
def test_development_mode_rejects_dns_rebinding_csrf_and_tunnels(headers: dict[str, str]) -> None:
    assert World(require_loopback).send("GET", "/tasks", headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "http://127.0.0.1:7071"}, id="its own documentation page"),
        pytest.param({"origin": "http://[::1]:7071"}, id="IPv6"),
        pytest.param({"origin": "http://localhost"}, id="by host name"),
    ],
)
def test_development_mode_accepts_local_pages(headers: dict[str, str]) -> None:
    assert World(require_loopback).send("PUT", "/definitions", headers).is_success
