"""A scripted, faulty Databricks workspace on the loopback interface."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.call_budget import CallBudget, RetryTimer
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.transport import CheckedAdapter

CANARY = "dapi-canary-6f1c2d"
MUCH = CallBudget(total=60.0, read=30.0, connect=30.0)
"""Longer than a loaded machine needs."""
LITTLE = CallBudget(total=2.0, read=1.0, connect=1.0)
"""Shorter than the delay of a late answer."""
LATE = frozenset({"slow", "drip"})


@dataclass
class Workspace:
    """The actions of the server and the faults for the next requests."""

    faults: deque[str] = field(default_factory=deque)
    started_runs: list[str] = field(default_factory=list)
    """The tokens of the started runs."""
    submitted: list[dict[str, Any]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The method and path of every received request."""
    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    folders: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notebooks: dict[str, tuple[str, str]] = field(default_factory=dict)
    token: str = CANARY

    def submit(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        token = body["idempotency_token"]
        self.submitted.append(body)
        if token not in self.started_runs:
            self.started_runs.append(token)
        run_id = 1000 + self.started_runs.index(token)
        self.runs.setdefault(run_id, {"run_id": run_id, "state": {"life_cycle_state": "PENDING"}})
        return 200, {"run_id": run_id}

    def answer(self, path: str, query: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        match path:
            case "/api/2.2/jobs/runs/submit":
                return self.submit(body)
            case "/api/2.2/jobs/runs/get":
                run = self.runs.get(int(query["run_id"]))
                gone = _missing(f"Run {query['run_id']} does not exist.")
                return (200, run) if run else (400, gone)
            case "/api/2.2/jobs/runs/cancel":
                if body["run_id"] not in self.runs:
                    return 400, _missing(f"Run {body['run_id']} does not exist.")
                self.cancelled.append(body["run_id"])
                return 200, {}
            case "/api/2.0/workspace/list":
                found = self.folders.get(query["path"])
                return (200, {"objects": found} if found else {}) if found is not None else _gone()
            case "/api/2.0/workspace/get-status":
                return 200, {"object_type": "DIRECTORY", "path": query["path"]}
            case "/api/2.0/workspace/export":
                return self._export(query)
            case _:
                return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "no such endpoint"}

    def _export(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if query["path"] not in self.notebooks:
            return _gone()
        text, kind = self.notebooks[query["path"]]
        if kind == "ipynb" and query["format"] == "SOURCE":
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "only JUPYTER"}
        return 200, {"content": base64.b64encode(text.encode()).decode(), "file_type": kind}


def _missing(message: str) -> dict[str, Any]:
    return {"error_code": "INVALID_PARAMETER_VALUE", "message": message}


def _gone() -> tuple[int, dict[str, Any]]:
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    workspace: Workspace

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.workspace.asked.append(f"{self.command} {parts.path}")
        fault = self.workspace.faults.popleft() if self.workspace.faults else "answer"
        if self.headers["Authorization"] != f"Bearer {self.workspace.token}":
            return self._send(401, b'{"error_code":"UNAUTHENTICATED"}')
        if self._refuse(fault):
            return None
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        status, answer = self.workspace.answer(parts.path, query, body)
        return self._reply(fault, status, json.dumps(answer).encode())

    def _refuse(self, fault: str) -> bool:
        """Send a refusal without an effect; return whether one was sent."""
        match fault.split():
            case ["refuse-429", *after]:
                self._send(429, b"{}", {"Retry-After": " ".join(after)} if after else {})
            case ["error-500"]:
                self._send(500, b'{"message":"oops"}')
            case ["html-503"]:
                self._send(503, b"<html><body>maintenance</body></html>")
            case ["redirect"]:
                self._send(302, b"", {"Location": f"https://evil.example/?t={CANARY}"})
            case ["refuse-403"]:
                answer = {"error_code": "PERMISSION_DENIED", "message": f"{CANARY} may not"}
                self._send(403, json.dumps(answer).encode())
            case ["spent-token"]:
                answer = {
                    "error_code": "INVALID_STATE",
                    "message": "The run for this idempotency token was deleted.",
                }
                self._send(400, json.dumps(answer).encode())
            case _:
                return False
        return True

    def _reply(self, fault: str, status: int, content: bytes) -> None:
        """Send the answer, or lose it."""
        match fault:
            case "lost-answer":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.close()
            case "nothing":
                self.close_connection = True
            case "html-200":
                self._send(200, b"<html>Sign in</html>")
            case "truncated-json":
                self._send(status, content[:-3])
            case "cut-body":
                self._head(status, len(content) + 50, {})
                self.wfile.write(content)
                self.close_connection = True
            case "huge":
                self._send(200, b'{"x":"' + b"a" * 400_000 + b'"}')
            case "wrong-type":
                self._send(200, b'{"run_id":null}')
            case "slow":
                time.sleep(LITTLE.read * 1.5)
                self._send(status, content)
            case "drip":
                self._drip(content)
            case _:
                self._send(status, content)

    def _drip(self, content: bytes) -> None:
        self._head(200, len(content) + 1000, {})
        try:
            for _ in range(60):  # longer than `LITTLE`
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass
        self.close_connection = True

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(content), headers or {})
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""


@dataclass
class Running:
    """A running workspace and the vault with its token."""

    workspace: Workspace
    url: str
    adapter: CheckedAdapter
    naps: list[float]
    tokens: deque[str]
    forgotten: list[str] = field(default_factory=list)
    budget: CallBudget = MUCH

    def script_faults(self, faults: Collection[str]) -> None:
        """Script faults for the next requests; shorten the wait for a late answer."""
        self.workspace.faults = deque(faults)
        if not LATE.isdisjoint(faults):
            self.budget = LITTLE

    def resolve(self, reference: str) -> Secret:
        return Secret(self.tokens[0])

    def forget(self, reference: str) -> None:
        self.forgotten.append(reference)
        if len(self.tokens) > 1:
            self.tokens.popleft()

    @property
    def timer(self) -> RetryTimer:
        return RetryTimer(sleep=self.naps.append, uniform=lambda low, high: low)


@pytest.fixture
def server() -> Iterator[Running]:
    workspace = Workspace()
    handler = type("Handler", (_Handler,), {"workspace": workspace})
    wait_until_running = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=wait_until_running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    adapter = CheckedAdapter(AddressScope.LOOPBACK)
    url = f"http://127.0.0.1:{wait_until_running.server_address[1]}"
    yield Running(workspace, url, adapter, [], deque([CANARY]))
    adapter.close()
    wait_until_running.shutdown()
    wait_until_running.server_close()
    thread.join()
