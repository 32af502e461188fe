"""Kills of the host at random moments, and losses of power."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from polysync_core.domain.runs.identity import RunId
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.tables import SqliteTables
from tests.faults.kills.killed_host import KilledHost, killed_host
from tests.faults.kills.power_loss import (
    copy_of_stopped,
    cut_anywhere,
    lose_unsynced_bytes,
)
from tests.faults.kills.senders import Accepted, sending

pytestmark = pytest.mark.devhost

FEW = pytest.param(4, marks=pytest.mark.slow, id="4 kills")
MANY = pytest.param(200, marks=pytest.mark.soak, id="200 kills")
FEW_COPIES = pytest.param(6, marks=pytest.mark.slow, id="6 copies")
MANY_COPIES = pytest.param(200, marks=pytest.mark.soak, id="200 copies")


@pytest.fixture
def chance() -> Random:
    """Random numbers; `KILL_SEED` repeats a test with the same ones."""
    seed = int(os.environ.get("KILL_SEED", Random().randrange(2**32)))
    print(f"KILL_SEED={seed}")
    return Random(seed)


@pytest.mark.parametrize("kills", [FEW, MANY])
def test_kills_lose_no_accepted_run_and_start_none_twice(
    kills: int, tmp_path: Path, chance: Random
) -> None:
    with killed_host(tmp_path, chance) as killed:
        with sending(killed.host.url) as accepted:
            for _ in range(kills):
                killed.kill_and_start()
        killed.wait_for_all_ends()
        stored = {run["runId"]: run for run in killed.stored()}
        print(f"{kills} kills, {len(accepted.run_ids)} accepted, {len(stored)} stored runs")

        assert len(accepted.run_ids) > kills
        assert accepted.run_ids <= stored.keys()
        _check_keys(accepted)
        _check_ends(killed, stored)
        _check_submits(killed, stored)
        _check_chains(stored)


@pytest.mark.parametrize("copies", [FEW_COPIES, MANY_COPIES])
def test_a_loss_of_power_loses_no_accepted_run(copies: int, tmp_path: Path, chance: Random) -> None:
    before: set[str] = set()
    with killed_host(tmp_path, chance) as killed, sending(killed.host.url) as accepted:
        for number in range(copies):
            killed.pause()
            before = accepted.run_ids
            process = psutil.Process(killed.host.program.process.pid)
            copy = copy_of_stopped(process, killed.host.database, tmp_path / f"copy-{number}")
            lose_unsynced_bytes(copy, chance)

            assert _stored_in(copy, before) == before
    print(f"{copies} copies, the last with {len(before)} accepted runs")
    assert before


@pytest.mark.parametrize("copies", [FEW_COPIES])
def test_a_log_that_is_cut_anywhere_leaves_a_file_of_whole_transactions(
    copies: int, tmp_path: Path, chance: Random
) -> None:
    with killed_host(tmp_path, chance) as killed, sending(killed.host.url) as accepted:
        for number in range(copies):
            killed.pause()
            process = psutil.Process(killed.host.program.process.pid)
            copy = copy_of_stopped(process, killed.host.database, tmp_path / f"copy-{number}")
            cut_anywhere(copy, chance)

            assert _stored_in(copy, accepted.run_ids) <= accepted.run_ids


def _check_keys(accepted: Accepted) -> None:
    """Two requests with one key make one run."""
    assert {key for key, ids in accepted.by_key.items() if len(ids) > 1} == set()


def _check_ends(killed: KilledHost, stored: dict[str, Any]) -> None:
    """Every run has succeeded, once, in one attempt."""
    assert Counter(run["status"] for run in stored.values()) == {"Succeeded": len(stored)}
    assert {run_id for run_id, run in stored.items() if len(run["attempts"]) != 1} == set()
    assert {run_id for run_id in stored if killed.ends_in_history(run_id) != 1} == set()


def _check_submits(killed: KilledHost, stored: dict[str, Any]) -> None:
    """Every stored run has one run of the platform, and the platform has no other."""
    known = sorted(int(run["attempts"][0]["externalRunId"]) for run in stored.values())
    assert known == list(range(1, len(killed.started()) + 1))


def _check_chains(stored: dict[str, Any]) -> None:
    """Every run of the upstream Task has started one dependent run."""
    of_task = {
        task: [run["graphRunId"] for run in stored.values() if run["task"] == task]
        for task in ("first", "second")
    }
    assert of_task["first"]
    assert sorted(of_task["second"]) == sorted(of_task["first"])


def _stored_in(copy: Path, run_ids: set[str]) -> set[str]:
    """Open a copy as a host does; return the ids of the given runs that it holds."""
    database = Database(copy)
    try:
        runs = TableRuns(SqliteTables(database))
        found = {str(stored.run.run_id) for stored in runs.get_many(map(RunId, run_ids))}
    finally:
        database.close()
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return found
