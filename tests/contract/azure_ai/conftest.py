"""The simulator of Azure OpenAI and Foundry, with the artefacts of the suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.connectors.cases.azure_ai_foundry_project import agents, evaluations
from tests.contract.connectors.job_type_case import Simulators
from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    evaluations(simulators)
    yield agents(simulators).simulator
    simulators.clear()
