"""A host that is killed at random moments, and a platform that counts submits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.host import EmbeddedHost
from bench.processes import Program, simulator
from tests.integration.devhost.host_process import eventually

_CHAIN: dict[str, Any] = {
    "tasks": [
        {"name": "first", "job": "nap", "parameters": {"seconds": 0.1}},
        {
            "name": "second",
            "job": "nap",
            "parameters": {"seconds": 0.1},
            "dependencies": [{"task": "first"}],
        },
    ]
}
_ALL_END_SECONDS = 300.0
_PAGE = 100


class KilledHost:
    """The host with its platform."""

    def __init__(self, host: EmbeddedHost, platform: Program, chance: Random) -> None:
        self.host = host
        self._chance = chance
        self._address = platform.address()

    def prepare(self) -> None:
        """Start the host for the first time and store the definitions."""
        self.host.start()
        self.host.apply(self._address)
        httpx.put(f"{self.host.url}/definitions", json=_CHAIN, timeout=60).raise_for_status()

    def kill_and_start(self) -> None:
        """Kill the host, start the next one, and wait until any moment of its life."""
        self.host.program.kill()
        if self._chance.random() < 0.3:
            # In the middle of the start.
            self.host.spawn()
            time.sleep(self._chance.uniform(0, 2))
        else:
            self.host.start()
            time.sleep(self._chance.uniform(0, 1.5))

    def pause(self) -> None:
        """Let the host work until any moment."""
        time.sleep(self._chance.uniform(0.05, 0.4))

    def wait_for_all_ends(self) -> None:
        """Start the host for the last time and wait until no run is active."""
        self.host.program.kill()
        self.host.start()
        eventually(self._has_no_active_run, within=_ALL_END_SECONDS)

    def stored(self) -> list[dict[str, Any]]:
        """Return all runs, from the lists."""
        runs: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": _PAGE}
        with httpx.Client(base_url=self.host.url, timeout=60) as client:
            while True:
                page = client.get("/task-runs", params=query).raise_for_status().json()
                runs += page["items"]
                if page["continuationToken"] is None:
                    return runs
                query["continuationToken"] = page["continuationToken"]

    def ends_in_history(self, run_id: str) -> int:
        """Return the number of final status changes of a run."""
        answer = httpx.get(f"{self.host.url}/task-runs/{run_id}/history", timeout=60)
        entries = answer.raise_for_status().json()["items"]
        changes = [entry for entry in entries if entry["from"] != entry["to"]]
        return Counter(entry["to"] for entry in changes)["Succeeded"]

    def started(self) -> list[dict[str, Any]]:
        """Return the runs of the platform; a repeated submit token has started none."""
        return httpx.get(f"{self._address}/recorded", timeout=60).raise_for_status().json()

    def _has_no_active_run(self) -> bool:
        for status in ("Queued", "Running"):
            answer = httpx.get(
                f"{self.host.url}/task-runs", params={"status": status, "limit": 1}, timeout=60
            )
            if answer.raise_for_status().json()["items"]:
                return False
        return True


@contextmanager
def killed_host(folder: Path, chance: Random) -> Iterator[KilledHost]:
    """Yield a host with definitions, which ends with the context."""
    host = EmbeddedHost(folder)
    with simulator(folder) as platform:
        opened = KilledHost(host, platform, chance)
        opened.prepare()
        try:
            yield opened
        finally:
            host.program.stop()
