"""Function apps and regions on simulators, and their connectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import Report, Submitted
from tests.contract.connectors.cases import azure_functions, google_functions
from tests.contract.connectors.job_type_case import ConnectorHarness, JobTypeCase, Simulators


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    """The simulators of this module."""
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@dataclass(frozen=True, slots=True)
class ScriptedPlatform:
    """A platform with scripted functions, and the Jobs for them."""

    case: JobTypeCase
    harness: ConnectorHarness
    job: Callable[..., Job]
    root: str
    """The prefix of a function's name in its endpoint."""

    def script(self, name: str, **script: Any) -> None:
        azure_functions.put(self.case.simulator, name, **script)

    def fault(self, name: str, **script: Any) -> None:
        self.case.simulator.fault(endpoint=f"{self.root}/{name}", **script)

    def submit(
        self,
        name: str,
        schema: tuple[Parameter, ...] = (),
        /,
        *,
        is_resend: bool = False,
        **parameters: Any,
    ) -> Submitted:
        """Call a function with values for its schema."""
        settings = parameters.pop("settings", {})
        values: dict[str, JsonValue | Secret] = parameters
        request = self.harness.request(job=self.job(name, *schema, **settings), parameters=values)
        return (
            self.harness.submit_until_answered(request, is_resend=is_resend)
            if is_resend
            else self.harness.job.submit(request)
        )

    def report(self, *parameters: Any, **values: Any) -> Report:
        """Call a function that answers with a final report."""
        report = self.submit(*parameters, **values).report
        assert report is not None
        return report


@pytest.fixture
def azure(simulators: Simulators) -> Iterator[ScriptedPlatform]:
    """A function app."""
    case = azure_functions.starters(simulators)
    case.simulator.clear_faults()
    yield ScriptedPlatform(case, ConnectorHarness(case), azure_functions.a_job, "api")
    case.simulator.clear_faults()


@pytest.fixture
def google(simulators: Simulators) -> Iterator[ScriptedPlatform]:
    """The functions of a region."""
    case = google_functions.functions(simulators)
    case.simulator.clear_faults()
    yield ScriptedPlatform(case, ConnectorHarness(case), google_functions.a_job, "run")
    case.simulator.clear_faults()


@pytest.fixture(params=["azure", "google"])
def platform_under_test(request: pytest.FixtureRequest) -> ScriptedPlatform:
    """Either of the two platforms."""
    return request.getfixturevalue(request.param)
