"""Simulates the Databricks Jobs API for benchmarks, at almost no processor cost.

Every submit and read is recorded. A run ends a fixed time after its submit: nothing is started, and
no task waits. So the measured time and CPU are those of the orchestrator. Only the calls of the
comparison are served:
https://docs.databricks.com/api/workspace/jobs (`runs/submit`, `runs/get`).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(slots=True)
class Run:
    """A run, with the times of its submit and of its reads."""

    name: str
    submitted: float
    ends: float
    end_known: float | None = None
    """The time of the first answer that reported the end."""
    reads: int = 0


@dataclass(slots=True)
class PlatformSimulator:
    """All runs of one comparison."""

    runs: list[Run] = field(default_factory=list[Run])
    by_token: dict[str, int] = field(default_factory=dict[str, int])

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        address = urlsplit(target)
        match method, address.path:
            case "POST", "/api/2.2/jobs/runs/submit":
                return 200, {"run_id": self._submit(json.loads(body))}
            case "GET", "/api/2.2/jobs/runs/get":
                return self._get(int(parse_qs(address.query)["run_id"][0]))
            case "GET", "/known":
                return 200, {"runs": sum(run.end_known is not None for run in self.runs)}
            case "GET", "/recorded":
                return 200, [asdict(run) for run in self.runs]
            case "POST", "/reset":
                self.runs.clear()
                self.by_token.clear()
                return 200, {}
            case _:
                return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": address.path}

    def _submit(self, request: dict[str, Any]) -> int:
        token = request.get("idempotency_token")
        if token in self.by_token:
            return self.by_token[token]
        notebook = request["tasks"][0]["notebook_task"]
        now, seconds = time.time(), float(notebook["base_parameters"]["seconds"])
        self.runs.append(Run(name=request["run_name"], submitted=now, ends=now + seconds))
        if token:
            self.by_token[token] = len(self.runs)
        return len(self.runs)

    def _get(self, number: int) -> tuple[int, Any]:
        if not 1 <= number <= len(self.runs):
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Run {number}"}
        run, now = self.runs[number - 1], time.time()
        run.reads += 1
        state: dict[str, Any] = {"life_cycle_state": "RUNNING"}
        answer = {"run_id": number, "start_time": int(run.submitted * 1000), "state": state}
        if now >= run.ends:
            run.end_known = run.end_known or now
            state.update(life_cycle_state="TERMINATED", result_state="SUCCESS")
            answer["end_time"] = int(run.ends * 1000)
        return 200, answer


class Connection(asyncio.Protocol):
    """Serves the requests of one HTTP/1.1 connection, one after the other."""

    def __init__(self, simulator: PlatformSimulator) -> None:
        self._simulator = simulator
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection for the answers."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that has arrived completely."""
        self._received += data
        while True:
            head, separator, rest = self._received.partition(b"\r\n\r\n")
            if not separator:
                return
            line, *fields = head.decode("latin-1").split("\r\n")
            length = _length(fields)
            if len(rest) < length:
                return
            body, self._received = rest[:length], rest[length:]
            method, target, _ = line.split(" ", 2)
            self._send(*self._simulator.answer(method, target, body))

    def _send(self, status: int, content: Any) -> None:
        text = json.dumps(content).encode()
        head = (
            f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        assert self._transport is not None
        self._transport.write(head.encode() + text)


def _length(fields: list[str]) -> int:
    for each in fields:
        name, _, value = each.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


async def _serve() -> None:
    simulator = PlatformSimulator()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(simulator), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent closes standard input at its end.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
