"""A run of an imported job without values is the run that Databricks itself starts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.import_report import ArtefactSelection
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.parameters import resolve
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.variables import RunVariables, substitute
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.transport import CheckedAdapter
from polysync_core.platforms.connector import Connector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_job, platform_plugin
from tests.contract.databricks.job_shapes import SHAPES, settings
from tests.fakes.definitions import FakeDefinitions, editing_of
from tests.fakes.simulators import SimulatorProcess

pytestmark = pytest.mark.slow

API = "api/2.2/jobs"
VARIABLES = RunVariables(
    id="run",
    attempt=1,
    scheduled_time=datetime(2026, 1, 1, tzinfo=UTC),
    trigger_type="Manual",
    graph_run_id="graph",
)
TIME_LIMIT = 60.0


class OneSecret:
    def resolve(self, reference: str) -> Secret:
        return Secret("token")

    def forget(self, reference: str) -> None: ...


class Lakehouse:
    """The simulator, and Polysync with its imported jobs."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator = simulator
        self.platform = Platform.model_validate(
            {
                "name": "lakehouse",
                "type": "AzureDatabricks",
                "auth": {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"},
                "attributes": {
                    "workspaceUrl": simulator.url,
                    "computeType": "Serverless",
                },
            }
        )
        http = HttpOptions(transport=CheckedAdapter(AddressScope.LOOPBACK))
        self.connector: Connector = platform_plugin("AzureDatabricks").open(
            self.platform, PluginContext(secrets=OneSecret(), http=http, allow_loopback=True)
        )
        self.store = FakeDefinitions()
        self.store.put(self.platform, replacing=None)
        lookup = DefinitionLookup(self.store)
        self.lookup = lookup
        self.importing = ArtefactImport(
            lookup=lookup,
            editing=editing_of(self.store, Rules(development=True, check_job=check_job)),
            connections=Connections(lookup, lambda _: self.connector),
        )
        self.child = self.create({"name": "child", "tasks": [CHILD], "parameters": DECLARED})

    def call(self, method: str, path: str, body: object = None) -> Any:
        return self.simulator.call(method, f"{API}/{path}", body, Authorization="Bearer token")

    def create(self, body: dict[str, Any]) -> int:
        return self.call("POST", "create", body)["job_id"]

    def imported(self, job_id: int) -> Job:
        report = self.importing.import_artefacts(
            "lakehouse", ArtefactSelection(external_ids=frozenset({str(job_id)})), engine=None
        )
        [item] = report.items
        assert item.error is None, item.error
        return self.lookup.job(str(item.job))

    def polysync_run(self, job: Job) -> int:
        sent = {
            name: substitute(value, VARIABLES) if isinstance(value, str) else value
            for name, value in resolve(job, {}, {}).items()
        }
        request = SubmitRequest(
            job=job,
            token=f"t{job.external_id}",
            run_name="n",
            parameters=sent,
            begun_at=datetime.now(UTC),
        )
        return int(self.connector.job(job.job_type).submit(request).external_run_id)

    def received(self, run_id: int) -> list[dict[str, Any]]:
        """Return the settings and results of the tasks of a run."""
        before = time.monotonic()
        while True:
            run = self.call("GET", f"runs/get?run_id={run_id}")
            if run["state"].get("result_state"):
                break
            assert time.monotonic() - before < TIME_LIMIT
            time.sleep(0.01)
        tasks = [_comparable(task) for task in run["tasks"]]
        return [*tasks, {"job_parameters": run.get("job_parameters", [])}]

    def children(self) -> list[int]:
        runs = self.call("GET", f"runs/list?job_id={self.child}").get("runs", [])
        return [run["run_id"] for run in runs]


CHILD = {
    "task_key": "c",
    "notebook_task": {"notebook_path": "/none", "base_parameters": {"child": "0"}},
}
DECLARED = [{"name": "day", "default": "child"}]


def _comparable(task: dict[str, Any]) -> dict[str, Any]:
    kinds = {name: value for name, value in task.items() if name.endswith("_task")}
    state = task["state"].get("result_state")
    return {**kinds, "task_key": task["task_key"], "run_if": task["run_if"], "result": state}


@pytest.fixture(scope="module")
def lakehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    folder: Path = tmp_path_factory.mktemp("lakehouse")
    simulator = SimulatorProcess("simulators.databricks", folder, "--cluster-start", "0")
    yield Lakehouse(simulator)
    simulator.stop()


def test_there_are_75_shapes() -> None:
    assert len(SHAPES) == len(set(SHAPES)) == 75


@pytest.mark.parametrize(("tasks", "parameters"), SHAPES)
def test_a_run_without_values_equals_run_now(
    lakehouse: Lakehouse, tasks: str, parameters: str
) -> None:
    job_id = lakehouse.create(settings(tasks, parameters, child=lakehouse.child))
    known = lakehouse.children()

    expected = lakehouse.received(lakehouse.call("POST", "run-now", {"job_id": job_id})["run_id"])
    first = [each for each in lakehouse.children() if each not in known]
    found = lakehouse.received(lakehouse.polysync_run(lakehouse.imported(job_id)))
    second = [each for each in lakehouse.children() if each not in {*known, *first}]

    assert found == expected
    assert [lakehouse.received(each) for each in second] == [
        lakehouse.received(each) for each in first
    ]
    assert len(first) == ("other job" in tasks)
