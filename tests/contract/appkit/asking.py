"""Sends the requests of a row to one of the two, and observes the answers."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tests.contract.appkit.observing import NO_ANSWER, Answer, Names, observe
from tests.contract.appkit.table import Ask, Observed, Row
from tests.fakes.simulators import SimulatorProcess

PATIENCE = 60
"""Seconds for what surely happens, however loaded the machine is."""
_EVENT_ID = re.compile(rb"^id: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: where it answers, and the jobs that it was given."""

    url: str
    jobs: Mapping[str, int]
    """The job's id by key."""
    other: str
    """The key of the job whose runs are nobody else's business."""
    simulator: SimulatorProcess

    def answer(self, row: Row, key: str) -> list[Observed]:
        """Return what each request of the row is answered with."""
        return Conversation(self, key).hold(row)


class Conversation:
    """The requests of one row, in turn."""

    def __init__(self, side: Side, key: str) -> None:
        self._side = side
        self._simulator = side.simulator
        self._key = key
        self._event = ""
        self._names = Names({side.jobs[key]: "<job>", side.jobs[side.other]: "<other job>"})

    def hold(self, row: Row) -> list[Observed]:
        """Send everything, and return what came back."""
        if any("{other_run}" in ask.path for ask in row.asks):
            body = {"job_id": self._side.jobs[self._side.other]}
            self._api("POST", "run-now", body)
        return [self._ask(ask) for ask in row.asks]

    def _ask(self, ask: Ask) -> Observed:
        if ask.after is not None:
            self._wait_for(ask.after)
        filled = replace(
            ask,
            path=self._filled(ask.path),
            headers={name: self._filled(value) for name, value in ask.headers.items()},
        )
        if ask.faults:
            self._simulator.control("POST", "faults", {"faults": list(ask.faults)})
        self._simulator.control("DELETE", "requests")
        answer = _send(self._side.url, filled)
        for found in _EVENT_ID.finditer(answer.body):
            self._event = found[1].decode()
        sent = self._simulator.control("GET", "requests")["requests"]
        if ask.faults:
            self._simulator.clear_faults()
        return observe(ask, answer, sent, self._names)

    def _wait_for(self, state: str) -> None:
        end = time.monotonic() + PATIENCE
        while (states := self._states()) != {state}:
            assert time.monotonic() < end, f"the runs are still {states}"
            time.sleep(0.01)

    def _states(self) -> set[str]:
        return {run["state"]["life_cycle_state"] for run in self._runs(self._key)}

    def _filled(self, path: str) -> str:
        words = {
            "key": lambda: self._key,
            "event": lambda: self._event,
            "run": lambda: self._newest(self._key)["run_id"],
            "task_run": lambda: self._newest(self._key)["tasks"][0]["run_id"],
            "other_run": lambda: self._newest(self._side.other)["run_id"],
        }
        return re.sub(r"\{(\w+)\}", lambda found: str(words[found[1]]()), path)

    def _newest(self, key: str) -> dict[str, Any]:
        return self._runs(key)[0]

    def _runs(self, key: str) -> list[dict[str, Any]]:
        query = f"job_id={self._side.jobs[key]}&expand_tasks=true"
        return self._api("GET", f"runs/list?{query}")["runs"]

    def _api(self, method: str, path: str, body: object = None) -> Any:
        return self._simulator.call(
            method, f"api/2.2/jobs/{path}", body, Authorization="Bearer rig"
        )


def _send(url: str, ask: Ask) -> Answer:
    address = urlsplit(url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    try:
        connection.request(
            ask.method, f"/api/jobs{ask.path}", body=ask.body, headers=dict(ask.headers)
        )
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=headers, body=response.read())
    except ConnectionError:
        return NO_ANSWER
    finally:
        connection.close()
