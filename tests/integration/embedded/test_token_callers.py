"""Callers of `polysync dev` with the token of an issuer, over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from polysync_core.domain.security.roles import Role
from polysync_embedded.mcp.endpoint import PATH
from tests.fakes.token_issuer import AUDIENCE, FakeIssuer, bearer, public, rsa_key
from tests.integration.embedded.dev_process import StartDev

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

MCP_HEADERS = {"accept": "application/json, text/event-stream"}


@contextmanager
def _issuer() -> Iterator[str]:
    """Serve the documents of an issuer on this machine, and yield its address."""

    class Documents(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers: dict[str, Any] = {
                "/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys"},
                "/keys": {"keys": [public(rsa_key("first"), kid="first")]},
            }
            body = json.dumps(answers[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Documents)
    url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_token_identifies_a_caller_of_the_api_and_of_the_tools(dev: StartDev) -> None:
    with _issuer() as issuer:
        settings = {"POLYSYNC_OIDC_ISSUER": issuer, "POLYSYNC_OIDC_AUDIENCE": AUDIENCE}
        host = dev(**settings).ready()
        api = f"http://127.0.0.1:{host.port}/api"

        def token(role: Role, **claims: Any) -> dict[str, str]:
            return bearer(FakeIssuer().token(iss=issuer, roles=[role.value], **claims))

        reader = token(Role.READER, preferred_username="ann@example.com")
        administrator = token(Role.ADMINISTRATOR, azp="1f2e")
        vault = {"provider": "Files"}
        assert httpx.get(f"{api}/vaults", headers=reader).json()["items"] == []
        assert httpx.put(f"{api}/vaults/v", headers=reader, json=vault).status_code == 403
        assert httpx.put(f"{api}/vaults/v", headers=administrator, json=vault).is_success
        assert httpx.get(f"{api}/vaults", headers=bearer("x.y.z")).status_code == 401

        entries = httpx.get(f"{api}/audit", headers=administrator).json()["items"]
        assert [each["actor"] for each in entries] == ["app:1f2e"]
        assert _call(host.port, "list_runs", reader).status_code == 200
        assert _call(host.port, "list_runs", bearer("x.y.z")).status_code == 401
        refused = _call(host.port, "run_task_once", reader, task="t")
        assert "Polysync.Operator" in refused.text
        assert reader["authorization"][7:] not in host.log_text()


def _call(port: int, tool: str, headers: dict[str, str], **arguments: str) -> httpx.Response:
    call = {"name": tool, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    url = f"http://127.0.0.1:{port}{PATH}"
    return httpx.post(url, json=message, headers=MCP_HEADERS | headers, timeout=20)
