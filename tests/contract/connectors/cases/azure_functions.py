"""The cases of Azure Functions: functions that start work, and orchestrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
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

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-111122223333"
WORK: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {"outcome": "Completed"},
    Behaviour.FAILS: {"outcome": "Failed", "output": "there are no sales today"},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.RETURNS_OUTPUTS: {"outcome": "Completed", "output": {"Total": 7, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {
        "outcome": "Completed",
        "output": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"},
    },
}
DAY = Parameter(name="day")
OUTPUTS = (Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),)
GIVEN = {"total": 7, "_response.path": "/x"}
_QUERY = "?taskHub=Hub&connection=Storage"
_DURABLE = "runtime/webhooks/durabletask"
_UNKNOWN_RUNS = (
    f"/{_DURABLE}/instances/0",
    f"/{_DURABLE}/instances/a%20b",
    "Report/0a1b2c",
    "",
    "../runs",
)


def starters(simulators: Simulators) -> JobTypeCase:
    """Return the case of HTTP functions that start orchestrations and answer 202."""
    simulator = simulators.simulator("simulators.azure_functions", "--page-size", "3")
    for behaviour, work in WORK.items():
        put(simulator, _name(behaviour), route=f"{_name(behaviour)}/of/{{day?}}", work=work)
    put(simulator, "Timer", trigger="timerTrigger")
    put(simulator, "Off", disabled=True)
    ids = {each: f"{_name(each)}/{_name(each)}/of/{{day?}}" for each in WORK}

    return _case(
        simulator,
        {**ids, Behaviour.MISSING: "Gone"},
        submit="api/*",
        refused=(
            ({"external_id": "1st"}, "externalId"),
            ({"external_id": "Report/../keys"}, "externalId"),
            ({"external_id": "Report/users/{id}"}, "externalId"),
            ({"external_id": "Report/{id?}/{id?}"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"httpMethod": "FETCH"}}, "settings.httpMethod"),
            ({"parameters": (Parameter(name="QueryString"),)}, "parameters[0].dataType"),
        ),
        parameters=(DAY,),
    )


def orchestrators(simulators: Simulators) -> JobTypeCase:
    """Return the case of orchestrators, started through Durable Functions' API."""
    simulator = simulators.simulator("simulators.azure_functions", "--page-size", "3")
    for behaviour, work in WORK.items():
        put(simulator, f"O{_name(behaviour)}", trigger="orchestrationTrigger", work=work)
    return _case(
        simulator,
        {
            **{each: f"orchestrator:O{_name(each)}" for each in WORK},
            Behaviour.MISSING: "orchestrator:Gone",
        },
        submit=f"{_DURABLE}/orchestrators/*",
        refused=(
            ({"external_id": "orchestrator:a/b"}, "externalId"),
            ({"settings": {"httpMethod": "POST"}}, "settings.httpMethod"),
        ),
        parameters=(),
    )


def _case(
    simulator: SimulatorProcess,
    ids: Mapping[Behaviour, str],
    *,
    submit: str,
    refused: Sequence[tuple[Mapping[str, Any], str]],
    parameters: Sequence[Parameter],
) -> JobTypeCase:
    def started_runs(request: SubmitRequest) -> Sequence[str]:
        ids = [line["run_id"] for line in simulator.submissions() if line["token"] == request.token]
        # An orchestrator's instance id is the token; an HTTP function returns a whole address.
        return [
            f"/{_DURABLE}/instances/{run_id}{'' if run_id == request.token else _QUERY}"
            for run_id in ids
        ]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={behaviour: a_job(external_id) for behaviour, external_id in ids.items()},
        endpoints={
            Step.SUBMIT: submit,
            Step.READ: f"GET {_DURABLE}/instances/*",
            Step.DETAILS: f"GET {_DURABLE}/instances/*",
            Step.CANCEL: f"{_DURABLE}/instances/*/terminate",
            Step.FIND: "GET functions",
            Step.DESCRIBE: "GET functions/*",
            Step.TEST: "site",
        },
        started_runs=started_runs,
        failure=("", "there are no sales today"),
        unknown_state={"runtimeStatus": "Dreaming"},
        unknown_runs=_UNKNOWN_RUNS,
        refused=refused,
        parameters=parameters,
        typed=True,
        outputs=GIVEN,
        accepts_undeclared="a function declares only the parameters of its route",
        foreign_addresses=(
            ForeignAddress(
                Step.SUBMIT, {"statusQueryGetUri": f"https://{FOREIGN_HOST}/instances/1"}
            ),
            ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/functions"}),
        ),
    )


def a_platform(simulator: SimulatorProcess, **changes: Any) -> Platform:
    attributes = {
        "subscriptionId": SUBSCRIPTION,
        "resourceGroupName": "rg-data",
        "functionAppName": "sales-app",
        "endpoint": simulator.url,
    }
    return Platform.model_validate(
        {
            "name": "functions",
            "type": "AzureFunctions",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {**attributes, **changes.pop("attributes", {})},
            **changes,
        }
    )


def a_job(external_id: str, *parameters: Parameter, **settings: Any) -> Job:
    return Job(
        name="report",
        platform="functions",
        job_type=JobType.AZURE_HTTP_FUNCTION,
        external_id=external_id,
        parameters=parameters or OUTPUTS,
        settings=settings,
    )


def put(simulator: SimulatorProcess, name: str, **script: Any) -> None:
    """Script a function."""
    simulator.control("PUT", f"functions/{name}", script)


def _name(behaviour: Behaviour) -> str:
    return behaviour.name.title().replace("_", "")


CASES: dict[str, MakeCase] = {
    JobType.AZURE_HTTP_FUNCTION: starters,
    f"{JobType.AZURE_HTTP_FUNCTION} of an orchestrator": orchestrators,
}
