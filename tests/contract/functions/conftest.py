"""Function apps and regions on their simulators, and connectors to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import Report, Submitted
from tests.contract.connectors.bench import Bench, Rig, Stage
from tests.contract.connectors.benches import azure_functions, google_functions


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The simulators of this module."""
    stage = Stage(tmp_path_factory.mktemp("simulators"))
    yield stage
    stage.clear()


@dataclass(frozen=True, slots=True)
class Called:
    """A platform whose functions are scripted, and what a Job of it is."""

    bench: Bench
    rig: Rig
    job: Callable[..., Job]
    root: str
    """What stands before a function's name where it is called."""

    def script(self, name: str, **script: Any) -> None:
        azure_functions.put(self.bench.simulator, name, **script)

    def fault(self, name: str, **script: Any) -> None:
        self.bench.simulator.fault(endpoint=f"{self.root}/{name}", **script)

    def submit(
        self, name: str, schema: tuple[Parameter, ...] = (), /, *, again: bool = False, **told: Any
    ) -> Submitted:
        """Call a function with values, as its schema has them."""
        settings = told.pop("settings", {})
        values: dict[str, JsonValue | Secret] = told
        order = self.rig.order(job=self.job(name, *schema, **settings), parameters=values)
        return self.rig.carry_out(order, again=again) if again else self.rig.job.submit(order)

    def report(self, *told: Any, **values: Any) -> Report:
        """Call a function that answers with its end."""
        report = self.submit(*told, **values).report
        assert report is not None
        return report


@pytest.fixture
def azure(stage: Stage) -> Iterator[Called]:
    """A function app."""
    bench = azure_functions.starters(stage)
    bench.simulator.clear_faults()
    yield Called(bench, Rig(bench), azure_functions.a_job, "api")
    bench.simulator.clear_faults()


@pytest.fixture
def google(stage: Stage) -> Iterator[Called]:
    """The functions of a region."""
    bench = google_functions.functions(stage)
    bench.simulator.clear_faults()
    yield Called(bench, Rig(bench), google_functions.a_job, "run")
    bench.simulator.clear_faults()


@pytest.fixture(params=["azure", "google"])
def called(request: pytest.FixtureRequest) -> Called:
    """Either."""
    return request.getfixturevalue(request.param)
