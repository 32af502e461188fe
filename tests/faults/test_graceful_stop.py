"""A regular stop of the host on one machine while runs are submitted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from polysync_embedded.host import STOP_SECONDS
from tests.faults.local_system import LocalSystem, has_ended, local_system
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

STOPS = 2
TOLERANCE = 5.0
"""Seconds that a loaded machine may need beyond the limit."""


def test_a_stop_during_submits_loses_no_run_and_starts_none_twice(tmp_path: Path) -> None:
    with local_system(tmp_path, kind=HostKind.EMBEDDED) as system, _sending(system) as accepted:
        for _ in range(STOPS):
            _stop_during_submits(system)
        eventually(lambda: len(accepted) > 20)
        runs = system.wait_for(list(accepted), has_ended)

        assert {run["status"] for run in runs} == {"Succeeded"}
        assert {len(run["attempts"]) for run in runs} == {1}
        tokens = system.databricks.started()
        assert len(tokens) == len(set(tokens)) >= len(runs)


def _stop_during_submits(system: LocalSystem) -> None:
    """Restart the host while the platform delays the answer to a submit."""
    before = len(system.databricks.started())
    fault = {"endpoint": "jobs/runs/submit", "fault": "slow", "seconds": 1, "times": 2}
    system.databricks.inject_fault(**fault)
    eventually(lambda: len(system.databricks.started()) > before + 3)
    started = time.monotonic()
    assert system.host.end() == 0
    assert time.monotonic() - started < STOP_SECONDS + TOLERANCE
    _, found, traceback = system.host.log_text().partition("Traceback")
    assert not found, traceback
    system.host.close()
    system.restart()


@contextmanager
def _sending(system: LocalSystem) -> Iterator[list[str]]:
    """Start runs from another thread, also while the host stops; yield the accepted ones."""
    accepted: list[str] = []
    ended = threading.Event()
    url = f"http://127.0.0.1:{system.host.port}/api/tasks/nap/run"

    def send() -> None:
        with httpx.Client(timeout=30) as client:
            while not ended.wait(0.05):
                try:
                    answer = client.post(url, json={"parameters": {"seconds": "0.1"}})
                except httpx.TransportError:
                    continue
                if answer.is_success:
                    accepted.append(answer.json()["runId"])

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield accepted
    finally:
        ended.set()
        thread.join()
