"""`kill -9` of the local host between two writes that belong together, and a second start.

The gate before storage holds the host at the point; the product has no hooks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
import pytest

from tests.faults.gate import Gate, Matches, Request, gate
from tests.faults.stand import Stand, has_ended, stand
from tests.integration.devhost.host_process import TIMEOUT, eventually, free_ports

pytestmark = pytest.mark.devhost


class Guarded(NamedTuple):
    site: Stand
    gate: Gate


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    base = free_ports(4)
    with gate(base) as opened, pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYSYNC_STORAGE", opened.connection)
        with stand(tmp_path_factory.mktemp("checkpoints"), base) as site:
            site.wait_for([site.run(0.1)], has_ended)  # the tables are created by it
            yield Guarded(site, opened)


def writes_run(request: Request) -> bool:
    return request.method == "PUT" and "Runs(" in request.path


def inserts_run(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("Runs")


def names_external_run(request: Request) -> bool:
    return writes_run(request) and b"external_run_id" in request.body


def lists_outcome(request: Request) -> bool:
    return request.path.endswith("$batch") and b"s~Succeeded~" in request.body


@pytest.mark.parametrize(
    ("matches", "done_before"),
    [
        pytest.param(inserts_run, True, id="the row is inserted, the Dispatcher not told"),
        pytest.param(writes_run, True, id="the attempt is begun, the submit not sent"),
        pytest.param(names_external_run, False, id="the submit is answered, the answer not saved"),
        pytest.param(lists_outcome, False, id="the outcome is saved, the index not settled"),
    ],
)
def test_a_host_killed_at_a_checkpoint_loses_nothing_and_starts_nothing_twice(
    guarded: Guarded, matches: Matches, *, done_before: bool
) -> None:
    site = guarded.site
    known = {run["runId"] for run in listed(site)}
    started = len(site.workspace.started())
    hold = guarded.gate.hold(matches, done_before=done_before)
    with ThreadPoolExecutor(1) as caller:
        asked = caller.submit(ask, site)
        assert hold.reached.wait(timeout=TIMEOUT), "the host never came to the checkpoint"
        site.kill()
        hold.released.set()
        asked.result(timeout=TIMEOUT)
    site.restart()

    new = eventually(lambda: [run for run in listed(site) if run["runId"] not in known])
    runs = site.wait_for([run["runId"] for run in new], has_ended)
    assert [run["status"] for run in runs] == ["Succeeded"]
    assert len(site.workspace.started()) == len(set(site.workspace.started())) == started + 1
    assert site.host.get("/task-runs?status=Running")["items"] == []
    ended = site.host.get("/task-runs?status=Succeeded")["items"]
    assert runs[0]["runId"] in {run["runId"] for run in ended}


def ask(site: Stand) -> None:
    """Ask for a run; the host may die before it answers."""
    try:
        site.run(0.2)
    except httpx.TransportError:
        """The row tells whether it was accepted."""


def listed(site: Stand) -> list[dict[str, str]]:
    return site.host.get("/task-runs?limit=100")["items"]
