"""The job types of Azure Databricks, on a simulator that runs notebooks for real."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.bench import (
    ELSEWHERE,
    LONG,
    Behaviour,
    Bench,
    Foreign,
    Make,
    Stage,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

NOTEBOOKS = {
    "succeeds": 'dbutils.widgets.text("rows", "1")\n',
    "fails": 'raise ValueError("no sales today")\n',
    "hangs": "import time\ntime.sleep(120)\n",
    "gives_outputs": 'dbutils.notebook.exit(\'{"rows": 7, "path": "/x"}\')\n',
    "gives_much": (
        f'import json\ndbutils.notebook.exit(json.dumps({{"much": "x" * {LONG}, "path": "/x"}}))\n'
    ),
    "exit": (
        'dbutils.widgets.text("value", "")\ndbutils.widgets.text("times", "1")\n'
        'dbutils.notebook.exit(dbutils.widgets.get("value") * int(dbutils.widgets.get("times")))\n'
    ),
}
_STATE = {"state": {"life_cycle_state": "DREAMING"}, "status": {"state": "DREAMING"}}
_PAGES = (Foreign(Step.READ, {"run_page_url": f"https://{ELSEWHERE}/#job/1/run/1"}),)
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

    def started(order: SubmitRequest) -> Sequence[str]:
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
            Behaviour.GIVES_MUCH: job("gives_much", outputsFromExitValue=True),
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
        takes_anything="a notebook may be given what it has no widget for: it does not see it",
        foreign=_PAGES,
    )


def defined_job(stage: Stage, job_type: JobType, *, tasks: int) -> Bench:
    """A job of the workspace, of one task or of several."""
    simulator = _simulator(stage)

    def create(name: str) -> str:
        settings = {
            "name": f"{job_type} {name}",
            "parameters": [{"name": "rows", "default": "1"}, {"name": "day", "default": ""}],
            "tasks": [
                {"task_key": f"t{n}", "notebook_task": {"notebook_path": f"/etl/{name}"}}
                for n in range(tasks)
            ],
        }
        return str(_api(simulator, "POST", "2.2/jobs/create", settings)["job_id"])

    def started(order: SubmitRequest) -> Sequence[str]:
        lines = [line for line in simulator.submissions() if line["token"] == order.token]
        return sorted({str(line["run_id"]) for line in lines})

    jobs = {
        Behaviour.SUCCEEDS: a_job(job_type, create("succeeds")),
        Behaviour.FAILS: a_job(job_type, create("fails")),
        Behaviour.HANGS: a_job(job_type, create("hangs")),
        Behaviour.MISSING: a_job(job_type, "4711"),
    }
    if job_type is JobType.DATABRICKS_JOB:
        for behaviour in (Behaviour.GIVES_OUTPUTS, Behaviour.GIVES_MUCH):
            job_id = create(behaviour.name.lower())
            jobs[behaviour] = a_job(job_type, job_id, outputsFromExitValue=True)
    return Bench(
        simulator=simulator,
        platform=_platform(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "jobs/run-now",
            Step.READ: "jobs/runs/get",
            Step.CANCEL: "jobs/runs/cancel",
            Step.FIND: "jobs/list",
            Step.DESCRIBE: "jobs/get",
            Step.TEST: "workspace/get-status",
        },
        started=started,
        strange_state=_STATE,
        unknown_runs=_NO_RUNS,
        refused=(
            ({"external_id": "load"}, "externalId"),
            ({"external_id": "0123"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"sendParametersAs": "Letters"}}, "settings.sendParametersAs"),
        ),
        parameters=(Parameter(name="rows", default="1"), Parameter(name="day", default="")),
        outputs={"rows": 7, "path": "/x"},
        takes_anything="a run may have more parameters than its job",
        foreign=_PAGES,
    )


def job(stage: Stage) -> Bench:
    """Databricks Job."""
    return defined_job(stage, JobType.DATABRICKS_JOB, tasks=1)


def workflow(stage: Stage) -> Bench:
    """Databricks Workflow."""
    return defined_job(stage, JobType.DATABRICKS_WORKFLOW, tasks=2)


def pipeline(stage: Stage) -> Bench:
    """Databricks Pipeline."""
    simulator = _simulator(stage)

    def create(name: str, **configuration: str) -> str:
        spec = {
            "name": f"pipeline {name}",
            "configuration": {f"simulator.{key}": value for key, value in configuration.items()},
        }
        return str(_api(simulator, "POST", "2.0/pipelines", spec)["pipeline_id"])

    ids = {
        Behaviour.SUCCEEDS: create("succeeds"),
        Behaviour.FAILS: create("fails", outcome="FAILED"),
        Behaviour.HANGS: create("hangs", runSeconds="120"),
        Behaviour.MISSING: "00000000-0000-0000-0000-000000000000",
    }

    def started(order: SubmitRequest) -> Sequence[str]:
        pipeline_id = order.job.external_id
        updates = _api(simulator, "GET", f"2.0/pipelines/{pipeline_id}/updates").get("updates", [])
        since = int(order.begun_at.timestamp() * 1000)
        return [
            f"{pipeline_id}:{update['update_id']}"
            for update in updates
            if update["creation_time"] >= since
        ]

    def settle() -> None:
        for behaviour, pipeline_id in ids.items():
            if behaviour is not Behaviour.MISSING:
                _api(simulator, "POST", f"2.0/pipelines/{pipeline_id}/stop", {})
        while any(
            _api(simulator, "GET", f"2.0/pipelines/{ids[behaviour]}")["state"] != "IDLE"
            for behaviour in ids.keys() - {Behaviour.MISSING}
        ):
            time.sleep(0.02)

    update = {"update": {"update_id": "u", "state": "DREAMING"}}
    unknown = "11111111-1111-1111-1111-111111111111"
    return Bench(
        simulator=simulator,
        platform=_platform(simulator),
        jobs={
            behaviour: a_job(JobType.DATABRICKS_PIPELINE, pipeline_id)
            for behaviour, pipeline_id in ids.items()
        },
        endpoints={
            Step.SUBMIT: "POST pipelines/*/updates",
            Step.READ: "pipelines/*/updates/*",
            Step.CANCEL: "pipelines/*/stop",
            Step.FIND: "pipelines",
            Step.DESCRIBE: "pipelines/????????-????-????-????-????????????",
            Step.TEST: "workspace/get-status",
        },
        started=started,
        strange_state=update,
        unknown_runs=(f"{ids[Behaviour.SUCCEEDS]}:{unknown}", f"{unknown}:{unknown}", "x", "a:b:c"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"parameters": (Parameter(name="rows"),)}, "parameters[0].name"),
        ),
        parameters=(Parameter(name="full_refresh", data_type=DataType.BOOL, default=False),),
        foreign="updates and pages of lists are named by ids and tokens",
        settle=settle,
    )


def _api(simulator: SimulatorProcess, method: str, path: str, body: object = None) -> Any:
    return simulator.call(method, f"api/{path}", body, Authorization="Bearer anything")


BENCHES: dict[str, Make] = {
    JobType.DATABRICKS_NOTEBOOK: notebook,
    JobType.DATABRICKS_JOB: job,
    JobType.DATABRICKS_WORKFLOW: workflow,
    JobType.DATABRICKS_PIPELINE: pipeline,
}
