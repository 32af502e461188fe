"""The job type of Google Cloud Functions: functions that answer, and one that goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
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
from tests.contract.connectors.benches.azure_functions import put
from tests.fakes.simulators import SimulatorProcess

PLACE = "projects/acme-data-1/locations/europe-west3/functions"
SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"work": {"outcome": "Failed", "output": {"error": "no sales today"}}},
    Behaviour.HANGS: {"work": {"outcome": None}},
    Behaviour.GIVES_OUTPUTS: {"answer": {"json_body": {"total": 7, "path": "/x"}}},
    Behaviour.GIVES_MUCH: {"answer": {"json_body": {"much": "x" * LONG, "path": "/x"}}},
}


def functions(stage: Stage) -> Bench:
    """Cloud Function HTTP."""
    simulator = stage.simulator("simulators.google_functions", "--page-size", "2")
    for behaviour, script in SCRIPTS.items():
        put(simulator, behaviour.name.lower(), **script)
    put(simulator, "on_upload", trigger="google.cloud.storage.object.v1.finalized")

    def started(order: SubmitRequest) -> Sequence[str]:
        return [
            f"{line['function']}/{line['token']}"
            for line in simulator.submissions()
            if line["token"] == order.token
        ]

    return Bench(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(each.name.lower()) for each in [*SCRIPTS, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "run/*",
            Step.READ: "run/*/status/*",
            Step.FIND: "functions",
            Step.DESCRIBE: "functions/*",
            Step.TEST: "functions",
        },
        started=started,
        strange_state={"status": "Dreaming"},
        unknown_runs=("succeeds/0a1b2c", "/run/succeeds/status/0", "", "../x", "a b"),
        refused=(
            ({"external_id": "publish"}, "externalId"),
            ({"external_id": f"{PLACE}/../keys"}, "externalId"),
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
        takes_anything="a function declares no parameters",
        foreign=(
            # In this order: a function's address is remembered.
            Foreign(
                Step.SUBMIT,
                {"serviceConfig": {"uri": f"https://{ELSEWHERE}"}},
                endpoint="functions/*",
            ),
            Foreign(Step.SUBMIT, {"statusQueryUrl": f"https://{ELSEWHERE}/status/1"}),
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
        external_id=f"{PLACE}/{name}",
        parameters=parameters or outputs,
        settings=settings,
    )


BENCHES: dict[str, Make] = {JobType.CLOUD_FUNCTION_HTTP: functions}
