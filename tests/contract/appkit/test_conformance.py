"""Tests that Polysync answers the same requests like the published AppKit.

A row can have an intended difference with its reason. The test also fails if the difference
disappears.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.settings import read_appkit
from tests.contract.appkit.conftest import Pair
from tests.contract.appkit.disconnection import (
    calls_after_the_last_poll,
    read_one_event_and_disconnect,
    state_of_the_newest_run,
)
from tests.contract.appkit.expectation import expected
from tests.contract.appkit.rows import JOB_NAMES, TABLE
from tests.contract.appkit.servers import OriginalProcess, environment
from tests.contract.appkit.table import Row

WORKSPACE = "https://adb-1.2.azuredatabricks.net"
_NAMES = [row.name for row in TABLE]


@pytest.mark.parametrize("row", TABLE, ids=_NAMES)
def test_polysync_answers_like_the_original(row: Row, pair: Pair) -> None:
    originals = pair.original(row).answer(row, JOB_NAMES[row.name])
    answers = pair.polysync(row).answer(row, JOB_NAMES[row.name])

    for index, (original, answer) in enumerate(zip(originals, answers, strict=True)):
        for part, (known, _) in row.parts(index).items():
            assert original.get(part) == known, f"request {index + 1}: the original has changed"
        assert answer == expected(row, index, original), f"request {index + 1}"


@pytest.mark.parametrize("server", ["original", "polysync"])
def test_polling_ends_when_the_client_disconnects(pair: Pair, server: str) -> None:
    side = (pair.originals if server == "original" else pair.polysyncs)[False]
    side.simulator.control("DELETE", "requests")

    read_one_event_and_disconnect(side)
    counts = calls_after_the_last_poll(side)

    assert set(counts) == {"POST jobs/run-now", "GET jobs/runs/get"}
    assert state_of_the_newest_run(side) in {"PENDING", "RUNNING"}


def test_only_the_original_requires_a_variable_that_no_job_needs(
    pair: Pair, tmp_path: Path
) -> None:
    simulator = pair.originals[False].simulator
    config = {"jobs": {"etl": {}}}
    original = OriginalProcess(tmp_path, config, environment(simulator.url, {"etl": "5"}))
    with pytest.raises(AssertionError, match="DATABRICKS_JOB_ID"):
        _ = original.url

    started = read_appkit(environment(WORKSPACE, {"etl": "5"}), {"etl": JobOptions()})

    assert started.jobs["etl"].job_id == 5


def test_every_row_has_a_unique_name() -> None:
    assert len(set(_NAMES)) == len(_NAMES)


def test_every_difference_has_two_different_answers() -> None:
    for row in TABLE:
        for index in range(len(row.requests)):
            assert [part for part, both in row.parts(index).items() if both[0] == both[1]] == []
