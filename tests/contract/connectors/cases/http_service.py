"""The case of HttpJob: the jobs API of the Databricks simulator, described by settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.azure_databricks import notebook_simulator
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

ECHO = "$.tasks[0].notebook_task.base_parameters"
STATE = "$.state.life_cycle_state"
SETTINGS: dict[str, Any] = {
    "submit": {
        "path": "/api/2.2/jobs/runs/submit",
        "body": {
            "run_name": "{runName}",
            "idempotency_token": "{token}",
            "tasks": [
                {
                    "task_key": "only",
                    "notebook_task": {
                        "notebook_path": "{externalId}",
                        "base_parameters": "{parameters}",
                    },
                }
            ],
        },
        "runId": "$.run_id",
        "oneRunPerToken": True,
    },
    "read": {
        "path": "/api/2.2/jobs/runs/get",
        "query": {"run_id": "{runId}"},
        "status": ["$.state.result_state", STATE],
        "words": {
            "succeeded": ["SUCCESS"],
            "failed": ["FAILED", "TIMEDOUT"],
            "cancelled": ["CANCELED"],
            "running": ["RUNNING", "TERMINATING"],
            "starting": ["PENDING", "QUEUED"],
        },
        "message": "$.state.state_message",
        "missingStatuses": [400, 404],
    },
    "cancel": {"path": "/api/2.2/jobs/runs/cancel", "body": {"run_id": "{runId:number}"}},
    "outputs": {"state": "$.state.life_cycle_state", "result": "$['state'][\"result_state\"]"},
    "monitorPath": "/jobs/runs/{runId}",
}


def http_job(simulators: Simulators) -> JobTypeCase:
    """Return the case of HttpJob."""
    simulator = notebook_simulator(simulators)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = [line for line in simulator.submissions() if line["token"] == request.token]
        return sorted({str(line["run_id"]) for line in lines})

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={
            Behaviour.SUCCEEDS: a_job("succeeds"),
            Behaviour.FAILS: a_job("fails"),
            Behaviour.HANGS: a_job("hangs"),
            Behaviour.RETURNS_OUTPUTS: a_job("succeeds"),
            Behaviour.RETURNS_LONG_OUTPUT: a_job(
                "succeeds", much=f"{ECHO}.much", path="$.tasks[0].notebook_task.notebook_path"
            ),
        },
        endpoints={
            Step.SUBMIT: "jobs/runs/submit",
            Step.READ: "jobs/runs/get",
            Step.CANCEL: "jobs/runs/cancel",
            Step.TEST: "jobs/list",
        },
        started_runs=started_runs,
        unknown_state={"state": {"life_cycle_state": "DREAMING"}},
        unknown_runs=("999999999999", ""),
        refused=(
            ({"settings": {}}, "settings.submit"),
            ({"settings": changed("submit", path="jobs")}, "settings.submit.path"),
            ({"settings": changed("submit", path="/jobs/../x")}, "settings.submit.path"),
            ({"settings": changed("submit", path="/{runId}")}, "settings.submit.path"),
            (
                {"settings": changed("submit", body={"x": ["{token}", "{unknown}"]})},
                "settings.submit.body.x[1]",
            ),
            ({"settings": changed("submit", headers={"Host": "x"})}, "settings.submit.headers"),
            ({"settings": changed("read", status=["$..state"])}, "settings.read.status[0]"),
            ({"settings": changed("read", status=["state"])}, "settings.read.status[0]"),
        ),
        long_output_values={"much": "x" * LONG_OUTPUT_LENGTH},
        outputs={"state": "TERMINATED", "result": "SUCCESS"},
        accepts_undeclared="the body sends all values",
        foreign_addresses="it follows no address of an answer",
    )


def changed(call: str, **fields: Any) -> dict[str, Any]:
    """Return the settings with other fields of one call."""
    return {**SETTINGS, call: {**SETTINGS[call], **fields}}


def a_platform(simulator: SimulatorProcess) -> Platform:
    return Platform.model_validate(
        {
            "name": "service",
            "type": "HttpService",
            "auth": {"method": "Token", "token": "vault://v/t"},
            "attributes": {
                "serviceUrl": simulator.url,
                "testPath": "/api/2.2/jobs/list",
            },
        }
    )


def a_job(name: str, **outputs: str) -> Job:
    declared = (Parameter(name="result", data_type=DataType.STRING, direction=Direction.OUTPUT),)
    return Job(
        name="load",
        platform="service",
        job_type=JobType.HTTP_JOB,
        external_id=f"/etl/{name}",
        parameters=() if outputs else declared,
        settings=SETTINGS | ({"outputs": dict(outputs)} if outputs else {}),
    )


CASES: dict[str, MakeCase] = {JobType.HTTP_JOB: http_job}
