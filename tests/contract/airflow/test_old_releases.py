"""A release of Airflow 2 before 2.10 shows returned values as texts, which stay texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.connectors.cases.apache_airflow import dags
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators


@pytest.fixture
def old_release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectorHarness]:
    simulators = Simulators(tmp_path_factory.mktemp("old-release"))
    case = dags(simulators, "airflow2")
    case.simulator.control("PUT", "quirks", {"quirks": ["before-2.10"]})
    yield ConnectorHarness(case)
    simulators.clear()


def test_a_returned_value_of_an_old_release_is_a_text(old_release: ConnectorHarness) -> None:
    report = old_release.run(Behaviour.RETURNS_OUTPUTS)

    assert (dict(report.outputs), report.outputs_missing) == (
        {"return_value": "{'total': 7}"},
        None,
    )
