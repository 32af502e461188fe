"""Sends the requests of a row to one server and observes the answers."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tests.contract.appkit.observation import NO_ANSWER, Answer, Names, observe
from tests.contract.appkit.table import Observed, Request, Row
from tests.fakes.simulators import SimulatorProcess

TIMEOUT = 60
"""A generous time-out in seconds for steps that always finish."""
_EVENT_ID = re.compile(rb"^id: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two servers: its address and its jobs."""

    url: str
    jobs: Mapping[str, int]
    """The ids of the jobs by name."""
    other: str
    """The name of the job that no row uses."""
    simulator: SimulatorProcess

    def answer(self, row: Row, name: str) -> list[Observed]:
        """Return the answer to each request of the row."""
        return Conversation(self, name).hold(row)


class Conversation:
    """Sends the requests of one row in order."""

    def __init__(self, side: Side, job_name: str) -> None:
        self._side = side
        self._simulator = side.simulator
        self._job_name = job_name
        self._event = ""
        self._names = Names({side.jobs[job_name]: "<job>", side.jobs[side.other]: "<other job>"})

    def hold(self, row: Row) -> list[Observed]:
        """Send all requests and return the answers."""
        if any("{other_run}" in request.path for request in row.requests):
            body = {"job_id": self._side.jobs[self._side.other]}
            self._api("POST", "run-now", body)
        return [self._send_request(request) for request in row.requests]

    def _send_request(self, request: Request) -> Observed:
        if request.after is not None:
            self._wait_for(request.after)
        filled = replace(
            request,
            path=self._filled(request.path),
            headers={name: self._filled(value) for name, value in request.headers.items()},
        )
        if request.faults:
            self._simulator.control("POST", "faults", {"faults": list(request.faults)})
        self._simulator.control("DELETE", "requests")
        answer = _send(self._side.url, filled)
        for found in _EVENT_ID.finditer(answer.body):
            self._event = found[1].decode()
        sent = self._simulator.control("GET", "requests")["requests"]
        if request.faults:
            self._simulator.clear_faults()
        return observe(request, answer, sent, self._names)

    def _wait_for(self, state: str) -> None:
        end = time.monotonic() + TIMEOUT
        while (states := self._states()) != {state}:
            assert time.monotonic() < end, f"the runs are still {states}"
            time.sleep(0.01)

    def _states(self) -> set[str]:
        return {run["state"]["life_cycle_state"] for run in self._runs(self._job_name)}

    def _filled(self, path: str) -> str:
        values = {
            "job": lambda: self._job_name,
            "event": lambda: self._event,
            "run": lambda: self._newest(self._job_name)["run_id"],
            "task_run": lambda: self._newest(self._job_name)["tasks"][0]["run_id"],
            "other_run": lambda: self._newest(self._side.other)["run_id"],
        }
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]()), path)

    def _newest(self, name: str) -> dict[str, Any]:
        return self._runs(name)[0]

    def _runs(self, name: str) -> list[dict[str, Any]]:
        query = f"job_id={self._side.jobs[name]}&expand_tasks=true"
        return self._api("GET", f"runs/list?{query}")["runs"]

    def _api(self, method: str, path: str, body: object = None) -> Any:
        return self._simulator.call(
            method, f"api/2.2/jobs/{path}", body, Authorization="Bearer rig"
        )


def _send(url: str, request: Request) -> Answer:
    address = urlsplit(url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT)
    try:
        connection.request(
            request.method,
            f"/api/jobs{request.path}",
            body=request.body,
            headers=dict(request.headers),
        )
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=headers, body=response.read())
    except ConnectionError:
        return NO_ANSWER
    finally:
        connection.close()
