"""The case of Google Cloud Functions: functions that answer or start work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.azure_functions import put
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

PARENT = "projects/acme-data-1/locations/europe-west3/functions"
SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"work": {"outcome": "Failed", "output": {"error": "no sales today"}}},
    Behaviour.HANGS: {"work": {"outcome": None}},
    Behaviour.RETURNS_OUTPUTS: {"answer": {"json_body": {"total": 7, "path": "/x"}}},
    Behaviour.RETURNS_LONG_OUTPUT: {
        "answer": {"json_body": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"}}
    },
}


def functions(simulators: Simulators) -> JobTypeCase:
    """Return the case of CloudFunctionHttp."""
    simulator = simulators.simulator("simulators.google_functions", "--page-size", "2")
    for behaviour, script in SCRIPTS.items():
        put(simulator, behaviour.name.lower(), **script)
    put(simulator, "on_upload", trigger="google.cloud.storage.object.v1.finalized")

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        return [
            f"{line['function']}/{line['token']}"
            for line in simulator.submissions()
            if line["token"] == request.token
        ]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(each.name.lower()) for each in [*SCRIPTS, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "run/*",
            Step.READ: "run/*/status/*",
            Step.DETAILS: "run/*/status/*",
            Step.FIND: "functions",
            Step.DESCRIBE: "functions/*",
            Step.TEST: "functions",
        },
        started_runs=started_runs,
        failure=("", "no sales today"),
        unknown_state={"status": "Dreaming"},
        unknown_runs=("succeeds/0a1b2c", "/run/succeeds/status/0", "", "../x", "a b"),
        refused=(
            ({"external_id": "publish"}, "externalId"),
            ({"external_id": f"{PARENT}/../keys"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"httpMethod": "post"}}, "settings.httpMethod"),
            (
                {
                    "settings": {"httpMethod": "GET"},
                    "parameters": (Parameter(name="RequestBody"),),
                },
                "parameters[0].name",
            ),
        ),
        typed=True,
        outputs={"total": 7, "_response.path": "/x"},
        accepts_undeclared="a function declares no parameters",
        foreign_addresses=(
            # The order matters, because a function's address is cached.
            ForeignAddress(
                Step.SUBMIT,
                {"serviceConfig": {"uri": f"https://{FOREIGN_HOST}"}},
                endpoint="functions/*",
            ),
            ForeignAddress(Step.SUBMIT, {"statusQueryUrl": f"https://{FOREIGN_HOST}/status/1"}),
        ),
    )


def a_platform(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "functions",
            "type": "GoogleCloudFunctions",
            "auth": {"method": "ApplicationDefault"},
            "attributes": {
                "projectId": "acme-data-1",
                "region": "europe-west3",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(name: str, *parameters: Parameter, **settings: Any) -> Job:
    outputs = (Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),)
    return Job(
        name="report",
        platform="functions",
        job_type=JobType.CLOUD_FUNCTION_HTTP,
        external_id=f"{PARENT}/{name}",
        parameters=parameters or outputs,
        settings=settings,
    )


CASES: dict[str, MakeCase] = {JobType.CLOUD_FUNCTION_HTTP: functions}
