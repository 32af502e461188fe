"""A client that goes away in the middle of a stream."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import pytest

from tests.contract.lakeflow.asking import PATIENCE, Side
from tests.contract.lakeflow.conftest import Pair
from tests.contract.lakeflow.stand import ABANDONED

_POLL = "GET jobs/runs/get"
_QUIET = 0.5
"""Seconds without a look after which there will be none: the longest pause is a fraction."""


@pytest.mark.parametrize("who", ["original", "polysync"])
def test_nobody_looks_any_further_and_the_run_goes_on(pair: Pair, who: str) -> None:
    sides = pair.originals if who == "original" else pair.polysyncs
    side = sides[False]
    side.simulator.control("DELETE", "requests")

    _read_one_event_and_leave(side)
    counts = _counts_when_quiet(side)

    assert counts[_POLL] >= 1
    assert set(counts) == {_POLL, "POST jobs/run-now"}
    assert _state_of_the_newest_run(side) in {"PENDING", "RUNNING"}


def _read_one_event_and_leave(side: Side) -> None:
    address = urlsplit(side.url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/api/jobs/{ABANDONED}/run?stream=true", b"{}", headers)
    answer = connection.getresponse()
    # Leaving means before the stream has ended: line by line, up to the first event.
    line = next((line for line in answer if line.startswith(b"data:")), b"")
    assert b"life_cycle_state" in line, (answer.status, line)
    answer.close()
    connection.close()


def _counts_when_quiet(side: Side) -> dict[str, int]:
    end = time.monotonic() + PATIENCE
    before: dict[str, int] = {}
    while (now := side.simulator.control("GET", "requests")["counts"]) != before:
        assert time.monotonic() < end, "the run is looked at for ever"
        before = now
        time.sleep(_QUIET)
    return now


def _state_of_the_newest_run(side: Side) -> str:
    path = f"api/2.2/jobs/runs/list?job_id={side.jobs[ABANDONED]}"
    answer = side.simulator.call("GET", path, Authorization="Bearer rig")
    return answer["runs"][0]["state"]["life_cycle_state"]
