"""Fixtures that run each test for every job type."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.connectors.job_type_case import (
    ConnectorHarness,
    JobTypeCase,
    MakeCase,
    Simulators,
)

_FOLDER = Path(__file__).with_name("cases")
ALL_CASES: dict[str, MakeCase] = {
    job_type: make
    for module in pkgutil.iter_modules([str(_FOLDER)])
    for job_type, make in importlib.import_module(
        f"tests.contract.connectors.cases.{module.name}"
    ).CASES.items()
}


@pytest.fixture(scope="session")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """The simulators of this session."""
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@pytest.fixture(scope="session", params=ALL_CASES)
def case(request: pytest.FixtureRequest, simulators: Simulators) -> JobTypeCase:
    """The case of one job type."""
    return simulators.case(request.param, ALL_CASES[request.param])


@pytest.fixture
def harness(case: JobTypeCase) -> Iterator[ConnectorHarness]:
    """A connector for the case, without scripted faults."""
    case.simulator.clear_faults()
    case.stop_active_runs()
    yield ConnectorHarness(case)
    case.simulator.clear_faults()
