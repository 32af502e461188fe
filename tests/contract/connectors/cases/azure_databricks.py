"""The cases of Azure Databricks, whose simulator executes notebooks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.job_type_case import (
    FOREIGN_HOST,
    LONG_OUTPUT_LENGTH,
    Behaviour,
    ForeignAddress,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

NOTEBOOKS = {
    "succeeds": 'dbutils.widgets.text("rows", "1")\n',
    "fails": 'raise ValueError("no sales today")\n',
    "hangs": "import time\ntime.sleep(120)\n",
    "returns_outputs": 'dbutils.notebook.exit(\'{"rows": 7, "path": "/x"}\')\n',
    "returns_long_output": (
        "import json\ndbutils.notebook.exit("
        f'json.dumps({{"much": "x" * {LONG_OUTPUT_LENGTH}, "path": "/x"}}))\n'
    ),
    "exit": (
        'dbutils.widgets.text("value", "")\ndbutils.widgets.text("times", "1")\n'
        'dbutils.notebook.exit(dbutils.widgets.get("value") * int(dbutils.widgets.get("times")))\n'
    ),
}
_STATE = {"state": {"life_cycle_state": "DREAMING"}, "status": {"state": "DREAMING"}}
_PAGES = (ForeignAddress(Step.READ, {"run_page_url": f"https://{FOREIGN_HOST}/#job/1/run/1"}),)
_UNKNOWN_RUNS = ("999999999999", "0", "", "../runs", "1&x=2", "99999999999999999999", "a b")


def notebook_simulator(simulators: Simulators) -> SimulatorProcess:
    folder = simulators.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    for name, body in NOTEBOOKS.items():
        file = folder / f"{name}.py"
        file.write_text(f"# Databricks notebook source\n{body}")
    options = ("--notebooks", str(folder), "--cluster-start", "0.01")
    return simulators.simulator("simulators.databricks", *options)


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


def notebook(simulators: Simulators) -> JobTypeCase:
    """Return the case of DatabricksNotebook."""
    simulator = notebook_simulator(simulators)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = [line for line in simulator.submissions() if line["token"] == request.token]
        return sorted({str(line["run_id"]) for line in lines})

    def job(name: str, **settings: Any) -> Job:
        return a_job(JobType.DATABRICKS_NOTEBOOK, f"/etl/{name}", **settings)

    return JobTypeCase(
        simulator=simulator,
        platform=_platform(simulator),
        jobs={
            Behaviour.SUCCEEDS: job("succeeds"),
            Behaviour.FAILS: job("fails"),
            Behaviour.HANGS: job("hangs"),
            Behaviour.RETURNS_OUTPUTS: job("returns_outputs", outputsFromExitValue=True),
            Behaviour.RETURNS_LONG_OUTPUT: job("returns_long_output", outputsFromExitValue=True),
            Behaviour.MISSING: job("gone"),
        },
        endpoints={
            Step.SUBMIT: "jobs/runs/submit",
            Step.READ: "jobs/runs/get",
            Step.DETAILS: "jobs/runs/get-output",
            Step.CANCEL: "jobs/runs/cancel",
            Step.FIND: "workspace/list",
            Step.DESCRIBE: "workspace/export",
            Step.TEST: "workspace/get-status",
        },
        started_runs=started_runs,
        failure=("notebook", "no sales today"),
        unknown_state=_STATE,
        unknown_runs=_UNKNOWN_RUNS,
        refused=(
            ({"external_id": "etl/load"}, "externalId"),
            ({"external_id": "/etl/../load"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"outputsFromExitValue": "yes"}}, "settings.outputsFromExitValue"),
        ),
        parameters=(Parameter(name="rows", default="1"),),
        outputs={"rows": 7, "path": "/x"},
        accepts_undeclared="a notebook ignores parameters without a widget",
        foreign_addresses=_PAGES,
    )


def defined_job(simulators: Simulators, job_type: JobType, *, tasks: int) -> JobTypeCase:
    """Return the case of a job with one or several tasks."""
    simulator = notebook_simulator(simulators)

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

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = [line for line in simulator.submissions() if line["token"] == request.token]
        return sorted({str(line["run_id"]) for line in lines})

    jobs = {
        Behaviour.SUCCEEDS: a_job(job_type, create("succeeds")),
        Behaviour.FAILS: a_job(job_type, create("fails")),
        Behaviour.HANGS: a_job(job_type, create("hangs")),
        Behaviour.MISSING: a_job(job_type, "4711"),
    }
    if job_type is JobType.DATABRICKS_JOB:
        for behaviour in (Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT):
            job_id = create(behaviour.name.lower())
            jobs[behaviour] = a_job(job_type, job_id, outputsFromExitValue=True)
    return JobTypeCase(
        simulator=simulator,
        platform=_platform(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: "jobs/run-now",
            Step.READ: "jobs/runs/get",
            Step.DETAILS: "jobs/runs/get-output",
            Step.CANCEL: "jobs/runs/cancel",
            Step.FIND: "jobs/list",
            Step.DESCRIBE: "jobs/get",
            Step.TEST: "workspace/get-status",
        },
        started_runs=started_runs,
        failure=("t0", "no sales today"),
        unknown_state=_STATE,
        unknown_runs=_UNKNOWN_RUNS,
        refused=(
            ({"external_id": "load"}, "externalId"),
            ({"external_id": "0123"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"sendParametersAs": "Letters"}}, "settings.sendParametersAs"),
        ),
        parameters=(Parameter(name="rows", default="1"), Parameter(name="day", default="")),
        outputs={"rows": 7, "path": "/x"},
        accepts_undeclared="a run may have more parameters than its job",
        foreign_addresses=_PAGES,
    )


def job(simulators: Simulators) -> JobTypeCase:
    """Return the case of DatabricksJob."""
    return defined_job(simulators, JobType.DATABRICKS_JOB, tasks=1)


def workflow(simulators: Simulators) -> JobTypeCase:
    """Return the case of DatabricksWorkflow."""
    return defined_job(simulators, JobType.DATABRICKS_WORKFLOW, tasks=2)


def pipeline(simulators: Simulators) -> JobTypeCase:
    """Return the case of DatabricksPipeline."""
    simulator = notebook_simulator(simulators)

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

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        pipeline_id = request.job.external_id
        updates = _api(simulator, "GET", f"2.0/pipelines/{pipeline_id}/updates").get("updates", [])
        since = int(request.begun_at.timestamp() * 1000)
        return [
            f"{pipeline_id}:{update['update_id']}"
            for update in updates
            if update["creation_time"] >= since
        ]

    def stop_active_runs() -> None:
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
    return JobTypeCase(
        simulator=simulator,
        platform=_platform(simulator),
        jobs={
            behaviour: a_job(JobType.DATABRICKS_PIPELINE, pipeline_id)
            for behaviour, pipeline_id in ids.items()
        },
        endpoints={
            Step.SUBMIT: "POST pipelines/*/updates",
            Step.READ: "pipelines/*/updates/*",
            Step.DETAILS: "pipelines/*/events",
            Step.CANCEL: "pipelines/*/stop",
            Step.FIND: "pipelines",
            Step.DESCRIBE: "pipelines/????????-????-????-????-????????????",
            Step.TEST: "workspace/get-status",
        },
        started_runs=started_runs,
        failure=("", "Division by zero"),
        unknown_state=update,
        unknown_runs=(f"{ids[Behaviour.SUCCEEDS]}:{unknown}", f"{unknown}:{unknown}", "x", "a:b:c"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"parameters": (Parameter(name="rows"),)}, "parameters[0].name"),
        ),
        parameters=(Parameter(name="full_refresh", data_type=DataType.BOOL, default=False),),
        foreign_addresses="updates and list pages have ids and tokens, not addresses",
        stop_active_runs=stop_active_runs,
    )


def _api(simulator: SimulatorProcess, method: str, path: str, body: object = None) -> Any:
    return simulator.call(method, f"api/{path}", body, Authorization="Bearer anything")


CASES: dict[str, MakeCase] = {
    JobType.DATABRICKS_NOTEBOOK: notebook,
    JobType.DATABRICKS_JOB: job,
    JobType.DATABRICKS_WORKFLOW: workflow,
    JobType.DATABRICKS_PIPELINE: pipeline,
}
