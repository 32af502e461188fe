"""The job types of Azure Databricks, on a simulator that runs notebooks for real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import Order
from tests.contract.connectors.bench import Behaviour, Bench, Make, Stage, Step
from tests.fakes.simulators import SimulatorProcess

NOTEBOOKS = {
    "succeeds": 'dbutils.widgets.text("rows", "1")\n',
    "fails": 'raise ValueError("no sales today")\n',
    "hangs": "import time\ntime.sleep(120)\n",
    "gives_outputs": 'dbutils.notebook.exit(\'{"rows": 7, "path": "/x"}\')\n',
    "exit": (
        'dbutils.widgets.text("value", "")\ndbutils.widgets.text("times", "1")\n'
        'dbutils.notebook.exit(dbutils.widgets.get("value") * int(dbutils.widgets.get("times")))\n'
    ),
}
_STATE = {"state": {"life_cycle_state": "DREAMING"}, "status": {"state": "DREAMING"}}
_NO_RUNS = ("999999999999", "0", "", "../runs", "1&x=2", "99999999999999999999", "a b")


def _simulator(stage: Stage) -> SimulatorProcess:
    folder = stage.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    for name, body in NOTEBOOKS.items():
        file = folder / f"{name}.py"
        file.write_text(f"# Databricks notebook source\n{body}")
    options = ("--notebooks", str(folder), "--cluster-start", "0.01")
    return stage.simulator("simulators.databricks", *options)


def _platform(simulator: SimulatorProcess) -> Platform:
    return Platform.model_validate(
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


def a_job(job_type: JobType, external_id: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="lakehouse",
        job_type=job_type,
        external_id=external_id,
        settings=settings,
    )


def notebook(stage: Stage) -> Bench:
    """Databricks Notebook."""
    simulator = _simulator(stage)

    def started(order: Order) -> Sequence[str]:
        lines = [line for line in simulator.submissions() if line["token"] == order.token]
        return sorted({str(line["run_id"]) for line in lines})

    def job(name: str, **settings: Any) -> Job:
        return a_job(JobType.DATABRICKS_NOTEBOOK, f"/etl/{name}", **settings)

    return Bench(
        simulator=simulator,
        platform=_platform(simulator),
        jobs={
            Behaviour.SUCCEEDS: job("succeeds"),
            Behaviour.FAILS: job("fails"),
            Behaviour.HANGS: job("hangs"),
            Behaviour.GIVES_OUTPUTS: job("gives_outputs", outputsFromExitValue=True),
            Behaviour.MISSING: job("gone"),
        },
        endpoints={
            Step.SUBMIT: "jobs/runs/submit",
            Step.READ: "jobs/runs/get",
            Step.CANCEL: "jobs/runs/cancel",
            Step.FIND: "workspace/list",
            Step.DESCRIBE: "workspace/export",
            Step.TEST: "workspace/get-status",
        },
        started=started,
        strange_state=_STATE,
        unknown_runs=_NO_RUNS,
        refused=(
            ({"external_id": "etl/load"}, "externalId"),
            ({"external_id": "/etl/../load"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"outputsFromExitValue": "yes"}}, "settings.outputsFromExitValue"),
        ),
        parameters=(Parameter(name="rows", default="1"),),
        outputs={"rows": 7, "path": "/x"},
    )


BENCHES: dict[str, Make] = {JobType.DATABRICKS_NOTEBOOK: notebook}
