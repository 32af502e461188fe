"""Callers of `polysync dev` on other addresses, in production mode, and through MCP."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_embedded.mcp.endpoint import PATH
from tests.integration.embedded.dev_process import Dev, StartDev

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

KEY, ENTRY = new_access_key("ci", Role.READER)
PRODUCTION = {"POLYSYNC_ENVIRONMENT": "production", "POLYSYNC_ACCESS_KEYS": str(ENTRY)}
MCP_HEADERS = {"accept": "application/json, text/event-stream"}
PROXIED = {
    "host": "polysync.example.com",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-proto": "https",
    "via": "1.1 caddy",
}
FORGED = {"x-ms-client-principal": "eyJjbGFpbXMiOltdfQ=="}


def _call(host: Dev, tool: str, headers: Mapping[str, str]) -> httpx.Response:
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": {}},
    }
    url = f"http://127.0.0.1:{host.port}{PATH}"
    return httpx.post(url, json=message, headers={**MCP_HEADERS, **headers}, timeout=20)


def test_it_listens_on_another_address_of_this_machine(dev: StartDev) -> None:
    host = dev("--host", "127.0.0.2").ready("127.0.0.2")

    url = f"http://127.0.0.2:{host.port}/api/tasks"
    assert httpx.get(url).json()["items"] == []
    # Development mode still refuses other names of this machine and proxies.
    assert httpx.get(url, headers={"host": "box.example.com"}).status_code == 403
    assert httpx.get(url, headers={"x-forwarded-for": "203.0.113.7"}).status_code == 403


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_it_listens_on_ipv6(dev: StartDev) -> None:
    host = dev("--host", "::1").ready("[::1]")

    assert httpx.get(f"http://[::1]:{host.port}/api/tasks").json()["items"] == []


def test_it_does_not_listen_beyond_this_machine_without_sign_in(dev: StartDev) -> None:
    refusal = dev("--host", "0.0.0.0").refusal()  # noqa: S104

    assert refusal == (
        "Error: --host 0.0.0.0 listens beyond this machine, so callers must sign in: set "
        "POLYSYNC_ACCESS_KEYS or POLYSYNC_OIDC_ISSUER."
    )


def test_production_mode_requires_a_key_also_through_a_proxy(dev: StartDev) -> None:
    host = dev(**PRODUCTION).ready()

    url = f"http://127.0.0.1:{host.port}/api"
    key = {"x-functions-key": KEY}
    assert httpx.get(f"{url}/health", headers=PROXIED).json() == {"status": "ok"}
    for refused in ({}, FORGED, {"authorization": "Bearer x"}, {"x-functions-key": KEY[:-1]}):
        assert httpx.get(f"{url}/tasks", headers=refused).status_code == 401
    assert httpx.get(f"{url}/tasks", headers=key | PROXIED).status_code == 200
    assert httpx.put(f"{url}/definitions", headers=key, json={}).status_code == 403
    assert httpx.get(f"{url}/metrics", headers=key).status_code == 200
    _check_mcp(host)
    _check_permissions(host.data)


def _check_mcp(host: Dev) -> None:
    for refused in ({}, FORGED, {"x-functions-key": KEY[:-1]}):
        answer = _call(host, "list_runs", refused)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    listed = _call(host, "list_runs", PROXIED | {"x-functions-key": KEY})
    assert listed.status_code == 200
    assert _result(listed).get("isError") is not True, listed.text


def _result(answer: httpx.Response) -> dict[str, Any]:
    (data,) = [line for line in answer.text.splitlines() if line.startswith("data: {")]
    return json.loads(data.removeprefix("data: "))["result"]


def _check_permissions(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert folder / "polysync.db" in files
    assert [each for each in files if stat.S_IMODE(each.stat().st_mode) & 0o077] == []
