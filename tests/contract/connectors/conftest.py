"""Every job type that has a bench, one after the other."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.connectors.bench import Bench, Make, Rig, Stage

_FOLDER = Path(__file__).with_name("benches")
MAKERS: dict[str, Make] = {
    job_type: make
    for module in pkgutil.iter_modules([str(_FOLDER)])
    for job_type, make in importlib.import_module(
        f"tests.contract.connectors.benches.{module.name}"
    ).BENCHES.items()
}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The simulators that the benches of this session need."""
    stage = Stage(tmp_path_factory.mktemp("simulators"))
    yield stage
    stage.clear()


@pytest.fixture(scope="session", params=MAKERS)
def bench(request: pytest.FixtureRequest, stage: Stage) -> Bench:
    """The bench of one job type."""
    return MAKERS[request.param](stage)


@pytest.fixture
def rig(bench: Bench) -> Iterator[Rig]:
    """A connector on the bench, with no faults left over."""
    bench.simulator.clear_faults()
    bench.settle()
    yield Rig(bench)
    bench.simulator.clear_faults()
