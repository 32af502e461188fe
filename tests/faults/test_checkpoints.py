"""Kills a host between two writes that belong together, and restarts the host.

The proxy in front of storage holds the host at that point. The product has no hooks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
import pytest

from tests.faults.local_system import LocalSystem, has_ended, local_system
from tests.faults.storage_proxy import Matches, Request, StorageProxy, storage_proxy
from tests.host_kinds import HostKind, on
from tests.integration.devhost.host_process import TIMEOUT, eventually, free_ports

pytestmark = [pytest.mark.devhost, pytest.mark.soak, on(HostKind.FUNCTIONS)]

WORKING_AGAIN_SECONDS = 90.0
"""The Durable extension hides the messages of a dead host for one minute (`host.json`)."""


class ProxiedSystem(NamedTuple):
    system: LocalSystem
    storage_proxy: StorageProxy


@pytest.fixture(scope="module")
def proxied(
    host_kind: HostKind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxiedSystem]:
    base = free_ports(4)
    with storage_proxy(base) as opened, pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYSYNC_STORAGE", opened.connection)
        with local_system(tmp_path_factory.mktemp("checkpoints"), base, kind=host_kind) as system:
            system.wait_for([system.run(0.1)], has_ended)  # creates the tables
            yield ProxiedSystem(system, opened)


def writes_run(request: Request) -> bool:
    return request.method == "PUT" and "Runs(" in request.path


def inserts_run(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("Runs")


def writes_external_run_id(request: Request) -> bool:
    return writes_run(request) and b"external_run_id" in request.body


def indexes_outcome(request: Request) -> bool:
    return request.path.endswith("$batch") and b"s~Succeeded~" in request.body


@pytest.mark.parametrize(
    ("matches", "after_execution"),
    [
        pytest.param(inserts_run, True, id="the row is inserted, the Dispatcher not signalled"),
        pytest.param(writes_run, True, id="the attempt is begun, the submit not sent"),
        pytest.param(
            writes_external_run_id, False, id="the submit is answered, the answer not saved"
        ),
        pytest.param(indexes_outcome, False, id="the outcome is saved, the run not deactivated"),
    ],
)
def test_a_host_killed_at_a_checkpoint_loses_nothing_and_starts_nothing_twice(
    proxied: ProxiedSystem, matches: Matches, *, after_execution: bool
) -> None:
    system = proxied.system
    known = {run["runId"] for run in listed(system)}
    started = len(system.databricks.started())
    hold = proxied.storage_proxy.hold(matches, after_execution=after_execution)
    with ThreadPoolExecutor(1) as caller:
        request = caller.submit(start_run, system)
        assert hold.reached.wait(timeout=TIMEOUT), "the host did not reach the checkpoint"
        system.kill()
        hold.released.set()
        request.result(timeout=TIMEOUT)
    system.restart()

    new = eventually(lambda: [run for run in listed(system) if run["runId"] not in known])
    ids = [run["runId"] for run in new]
    runs = system.wait_for(ids, has_ended, within=WORKING_AGAIN_SECONDS)
    assert [run["status"] for run in runs] == ["Succeeded"]
    assert len(system.databricks.started()) == len(set(system.databricks.started())) == started + 1
    assert system.host.get("/task-runs?status=Running")["items"] == []
    ended = system.host.get("/task-runs?status=Succeeded")["items"]
    assert runs[0]["runId"] in {run["runId"] for run in ended}


def start_run(system: LocalSystem) -> None:
    """Request a run. The host may die before it answers."""
    try:
        system.run(0.2)
    except httpx.TransportError:
        """The row shows whether the run was accepted."""


def listed(system: LocalSystem) -> list[dict[str, str]]:
    return system.host.get("/task-runs?limit=100")["items"]
