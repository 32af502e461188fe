"""What each of the two needs to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.lakeflow.keys import JobOptions
from polysync_core.settings import read_lakeflow
from tests.contract.lakeflow.conftest import Pair
from tests.contract.lakeflow.servers import OriginalProcess, environment

WORKSPACE = "https://adb-1.2.azuredatabricks.net"


def test_only_the_original_wants_a_variable_that_no_key_has(pair: Pair, tmp_path: Path) -> None:
    simulator = pair.originals[False].simulator
    config = {"jobs": {"etl": {}}}
    original = OriginalProcess(tmp_path, config, environment(simulator.url, {"etl": "5"}))
    with pytest.raises(AssertionError, match="DATABRICKS_JOB_ID"):
        _ = original.url

    started = read_lakeflow(environment(WORKSPACE, {"etl": "5"}), {"etl": JobOptions()})

    assert started.keys["etl"].job_id == 5
