"""A client that goes away in the middle of a stream."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from tests.contract.appkit.asking import PATIENCE, Side
from tests.contract.appkit.stand import ABANDONED

_QUIET = 0.5
"""Seconds without a look after which there will be none: the longest pause is a fraction."""


def read_one_event_and_leave(side: Side) -> None:
    """Start a run in a stream, and go away after the first event."""
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


def counts_when_quiet(side: Side) -> dict[str, int]:
    """Return how often Databricks was asked for what, when it is asked no more."""
    end = time.monotonic() + PATIENCE
    before: dict[str, int] = {}
    while (now := side.simulator.control("GET", "requests")["counts"]) != before:
        assert time.monotonic() < end, "the run is looked at for ever"
        before = now
        time.sleep(_QUIET)
    return now


def state_of_the_newest_run(side: Side) -> str:
    """Return the state of the run that nobody waits for."""
    path = f"api/2.2/jobs/runs/list?job_id={side.jobs[ABANDONED]}"
    answer = side.simulator.call("GET", path, Authorization="Bearer rig")
    return answer["runs"][0]["state"]["life_cycle_state"]
