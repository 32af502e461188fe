"""A client that disconnects in the middle of a stream."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from tests.contract.appkit.conversation import TIMEOUT, Side
from tests.contract.appkit.provisioned_jobs import ABANDONED

_QUIET = 0.5
"""Seconds without a poll after which polling has ended; the longest delay is much shorter."""


def read_one_event_and_disconnect(side: Side) -> None:
    """Start a run in a stream and disconnect after the first event."""
    address = urlsplit(side.url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/api/jobs/{ABANDONED}/run?stream=true", b"{}", headers)
    answer = connection.getresponse()
    # Read line by line, so that the client disconnects before the stream ends.
    line = next((line for line in answer if line.startswith(b"data:")), b"")
    assert b"life_cycle_state" in line, (answer.status, line)
    answer.close()
    connection.close()


def calls_after_the_last_poll(side: Side) -> dict[str, int]:
    """Return the number of calls per endpoint after polling has ended."""
    end = time.monotonic() + TIMEOUT
    before: dict[str, int] = {}
    while (now := side.simulator.control("GET", "requests")["counts"]) != before:
        assert time.monotonic() < end, "polling does not end"
        before = now
        time.sleep(_QUIET)
    return now


def state_of_the_newest_run(side: Side) -> str:
    """Return the state of the abandoned run."""
    path = f"api/2.2/jobs/runs/list?job_id={side.jobs[ABANDONED]}"
    answer = side.simulator.call("GET", path, Authorization="Bearer rig")
    return answer["runs"][0]["state"]["life_cycle_state"]
