"""The connector against the simulator: real notebooks in real processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import (
    Connector,
    JobConnector,
    Order,
    ProviderStatus,
    Report,
    RunNotFound,
)
from polysync_core.platforms.registry import open_connector

REPOSITORY = Path(__file__).parents[3]
NOTEBOOKS = {
    "echo": 'dbutils.widgets.text("rows", "1")\nassert dbutils.widgets.get("rows") == "7"\n',
    "fail": 'raise ValueError("no sales today")\n',
    "exit": (
        'dbutils.widgets.text("value", "")\ndbutils.widgets.text("times", "1")\n'
        'dbutils.notebook.exit(dbutils.widgets.get("value") * int(dbutils.widgets.get("times")))\n'
    ),
    "sleep": "import time\ntime.sleep(30)\n",
}


class OneSecret:
    def resolve(self, reference: str) -> Secret:
        return Secret("dapi-anything")

    def forget(self, reference: str) -> None: ...


class Simulator:
    """A simulator in a process of its own."""

    def __init__(self, folder: Path) -> None:
        notebooks = folder / "notebooks"
        notebooks.mkdir()
        for name, body in NOTEBOOKS.items():
            (notebooks / f"{name}.py").write_text(f"# Databricks notebook source\n{body}")
        self.data = folder / "data"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "simulators.databricks", "--port", "0"),
                *("--data", str(self.data), "--notebooks", str(notebooks)),
                *("--mount", f"/etl={notebooks}", "--cluster-start", "0.05"),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("ready ").strip()
        if not self.url:
            self.process.communicate(timeout=60)
            raise AssertionError("the simulator did not start")

    def fault(self, **script: object) -> None:
        body = json.dumps({"faults": [script]}).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/simulator/faults", data=body, method="POST"
        )
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - loopback

    def submissions(self) -> list[dict[str, Any]]:
        lines = (self.data / "submissions.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    if not (REPOSITORY / "simulators/databricks/__main__.py").exists():
        pytest.skip("there is no simulator in this tree")
    running = Simulator(tmp_path_factory.mktemp("simulator"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def platform(simulator: Simulator) -> Connector:
    platform = Platform.model_validate(
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"},
            "attributes": {
                "workspaceUrl": simulator.url,
                "computeType": "Serverless",
                "defaultNotebookPath": "/etl",
            },
        }
    )
    return open_connector(platform, secrets=OneSecret(), allow_loopback=True)


@pytest.fixture(scope="module")
def connector(platform: Connector) -> JobConnector:
    return platform.job(JobType.DATABRICKS_NOTEBOOK)


def a_job(name: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="lakehouse",
        job_type=JobType.DATABRICKS_NOTEBOOK,
        external_id=f"/etl/{name}",
        settings=settings,
    )


def an_order(name: str, token: str, **parameters: Any) -> Order:
    return Order(
        job=a_job(name),
        token=token,
        run_name=token,
        parameters=parameters,
        begun_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def followed(connector: JobConnector, job: Job, run_id: str) -> Report:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        report = connector.read(job, run_id)
        if report.status.is_final:
            return report
        time.sleep(0.05)
    raise AssertionError("the run did not end")


def test_a_notebook_runs_to_its_end_with_its_parameters(connector: JobConnector) -> None:
    submitted = connector.submit(an_order("echo", "echo1", rows=7))

    report = followed(connector, a_job("echo"), submitted.external_run_id)

    assert report.status is ProviderStatus.SUCCESS, report.message
    assert report.started_at is not None
    assert report.finished_at is not None
    assert report.started_at <= report.finished_at
    assert submitted.external_run_id in str(report.monitor_url)


def test_a_notebook_that_raises_is_the_artefacts_own_failure(connector: JobConnector) -> None:
    run_id = connector.submit(an_order("fail", "fail1")).external_run_id

    report = followed(connector, a_job("fail"), run_id)

    assert (report.status, report.cause) == (ProviderStatus.FAILED, None)
    assert report.message


def test_a_run_is_cancelled_and_cancelling_again_is_no_error(connector: JobConnector) -> None:
    run_id = connector.submit(an_order("sleep", "sleep1")).external_run_id
    connector.cancel(a_job("sleep"), run_id)

    report = followed(connector, a_job("sleep"), run_id)
    connector.cancel(a_job("sleep"), run_id)

    assert report.status is ProviderStatus.CANCELLED


READS_EXIT_VALUE = a_job("exit", outputsFromExitValue=True)


def exited(connector: JobConnector, token: str, **parameters: Any) -> str:
    """Return the id of a run that has ended, without having looked at its exit value."""
    run_id = connector.submit(an_order("exit", token, **parameters)).external_run_id
    assert followed(connector, a_job("exit"), run_id).outputs == {}
    return run_id


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        pytest.param(
            '{"rows": 7, "day": "2026-01-01"}', {"rows": 7, "day": "2026-01-01"}, id="object"
        ),
        pytest.param("7 rows", {"result": "7 rows"}, id="text"),
    ],
)
def test_the_exit_value_becomes_outputs_only_where_the_job_asks_for_it(
    connector: JobConnector, value: str, outputs: dict[str, Any]
) -> None:
    run_id = exited(connector, f"exit{len(value)}", value=value)

    report = connector.read(READS_EXIT_VALUE, run_id)

    assert (report.outputs, report.outputs_missing) == (outputs, None)


def test_a_notebook_without_an_exit_value_has_no_outputs(connector: JobConnector) -> None:
    run_id = connector.submit(an_order("echo", "noexit", rows=7)).external_run_id

    report = followed(connector, a_job("echo", outputsFromExitValue=True), run_id)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})


def test_an_exit_value_that_was_cut_is_not_taken_for_the_whole(connector: JobConnector) -> None:
    run_id = exited(connector, "exitlong", value="x", times=6_000_000)

    report = connector.read(READS_EXIT_VALUE, run_id)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})
    assert "exit with the path of the data instead" in str(report.outputs_missing)


@pytest.mark.parametrize(
    "script", [{"fault": "status", "status": 403}, {"fault": "status", "status": 404}]
)
def test_a_run_whose_exit_value_cannot_be_had_has_succeeded_all_the_same(
    connector: JobConnector, simulator: Simulator, script: dict[str, Any]
) -> None:
    run_id = exited(connector, f"exit{script['status']}", value="7")
    simulator.fault(endpoint="jobs/runs/get-output", **script)

    report = connector.read(READS_EXIT_VALUE, run_id)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})
    assert report.outputs_missing


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"fault": "status", "status": 503, "headers": {"Retry-After": "60"}}, Unavailable),
        ({"fault": "status", "status": 401, "times": 2}, PlatformRefused),
    ],
    ids=["the platform is busy", "the credential is refused"],
)
def test_an_exit_value_that_may_be_had_later_is_asked_for_again(
    connector: JobConnector, simulator: Simulator, script: dict[str, Any], error: type[Exception]
) -> None:
    run_id = exited(connector, f"later{script['status']}", value="7")
    simulator.fault(endpoint="jobs/runs/get-output", **script)

    with pytest.raises(error):
        connector.read(READS_EXIT_VALUE, run_id)

    assert connector.read(READS_EXIT_VALUE, run_id).outputs == {"result": "7"}


@pytest.mark.parametrize("kind", ["lost-response", "truncated", "malformed", "cut"])
def test_a_lost_answer_does_not_start_a_second_run(
    connector: JobConnector, simulator: Simulator, kind: str
) -> None:
    token = f"lost{kind.replace('-', '')}"
    simulator.fault(endpoint="jobs/runs/submit", fault=kind)

    submitted = connector.submit(an_order("echo", token, rows=7))

    started = [line for line in simulator.submissions() if line["token"] == token]
    assert len({line["run_id"] for line in started}) == 1
    assert str(started[0]["run_id"]) == submitted.external_run_id


def test_an_unknown_run_is_not_found(connector: JobConnector) -> None:
    with pytest.raises(RunNotFound):
        connector.read(a_job("echo"), "999999999")
    with pytest.raises(RunNotFound):
        connector.cancel(a_job("echo"), "999999999")


def test_a_notebook_that_is_missing_is_found_out(connector: JobConnector) -> None:
    with pytest.raises(PlatformRefused, match="import the platform's notebooks again"):
        connector.describe("/etl/gone")


def test_notebooks_are_found_and_described(platform: Connector, connector: JobConnector) -> None:
    assert {found.name for found in platform.artefacts()} == set(NOTEBOOKS)
    schema = connector.describe("/etl/echo")
    assert [(p.name, p.default) for p in schema.parameters] == [("rows", "1")]
    assert "127.0.0.1" in platform.test()
