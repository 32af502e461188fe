"""Fixtures of the tests with AWS's official client: the simulator, and moto's server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A simulator of AWS."""
    process = SimulatorProcess("simulators.aws", tmp_path_factory.mktemp("aws"), "--page-size", "2")
    yield process
    assert process.stop() == 0


@pytest.fixture(autouse=True)
def no_faults(simulator: SimulatorProcess) -> None:
    simulator.clear_faults()
    simulator.control("PUT", "quirks", {"quirks": []})
