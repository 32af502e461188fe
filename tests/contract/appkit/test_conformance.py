"""The published AppKit and Polysync are asked the same, and must answer alike.

A difference that is wanted stands in its row with its reason. It is a fact to be checked like
any other: a row whose difference has gone fails as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.settings import read_appkit
from tests.contract.appkit.conftest import Pair
from tests.contract.appkit.expecting import expected
from tests.contract.appkit.leaving import (
    counts_when_quiet,
    read_one_event_and_leave,
    state_of_the_newest_run,
)
from tests.contract.appkit.rows import KEYS, TABLE
from tests.contract.appkit.servers import OriginalProcess, environment
from tests.contract.appkit.table import Row

WORKSPACE = "https://adb-1.2.azuredatabricks.net"
_NAMES = [row.name for row in TABLE]


@pytest.mark.parametrize("row", TABLE, ids=_NAMES)
def test_it_is_answered_as_by_the_original(row: Row, pair: Pair) -> None:
    theirs = pair.original(row).answer(row, KEYS[row.name])
    ours = pair.polysync(row).answer(row, KEYS[row.name])

    for place, (their, our) in enumerate(zip(theirs, ours, strict=True)):
        for part, (known, _) in row.parts(place).items():
            assert their.get(part) == known, f"request {place + 1}: the original has changed"
        assert our == expected(row, place, their), f"request {place + 1}"


@pytest.mark.parametrize("who", ["original", "polysync"])
def test_nobody_looks_at_a_run_whose_client_has_left(pair: Pair, who: str) -> None:
    side = (pair.originals if who == "original" else pair.polysyncs)[False]
    side.simulator.control("DELETE", "requests")

    read_one_event_and_leave(side)
    counts = counts_when_quiet(side)

    assert set(counts) == {"POST jobs/run-now", "GET jobs/runs/get"}
    assert state_of_the_newest_run(side) in {"PENDING", "RUNNING"}


def test_only_the_original_wants_a_variable_that_no_key_has(pair: Pair, tmp_path: Path) -> None:
    simulator = pair.originals[False].simulator
    config = {"jobs": {"etl": {}}}
    original = OriginalProcess(tmp_path, config, environment(simulator.url, {"etl": "5"}))
    with pytest.raises(AssertionError, match="DATABRICKS_JOB_ID"):
        _ = original.url

    started = read_appkit(environment(WORKSPACE, {"etl": "5"}), {"etl": JobOptions()})

    assert started.jobs["etl"].job_id == 5


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(set(_NAMES)) == len(_NAMES)


def test_every_difference_is_one() -> None:
    for row in TABLE:
        for place in range(len(row.asks)):
            assert [part for part, both in row.parts(place).items() if both[0] == both[1]] == []
