"""The cases of Azure Data Factory and Azure Synapse, which share one simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
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
FACTORY = (
    f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.DataFactory"
    "/factories/adf-sales"
)
PARAMETERS = {
    "rows": {"type": "int", "defaultValue": 1},
    "attempt": {"type": "string"},
}
SCHEMA = (
    Parameter(name="rows", data_type=DataType.INT, default=1),
    Parameter(name="attempt"),
)


def returning(**values: JsonObject) -> JsonObject:
    """Return the activity that sets a pipeline's return value."""
    return {
        "name": "Return",
        "type": "SetVariable",
        "typeProperties": {
            "variableName": "pipelineReturnValue",
            "setSystemVariable": True,
            "value": [{"key": name, "value": value} for name, value in values.items()],
        },
    }


_PATH: JsonObject = {"type": "String", "content": "/x"}
ACTIVITIES: dict[Behaviour, list[JsonObject]] = {
    Behaviour.SUCCEEDS: [
        {"name": "Nap", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}
    ],
    Behaviour.FAILS: [
        {
            "name": "Stop",
            "type": "Fail",
            "typeProperties": {"message": "no sales", "errorCode": "1"},
        }
    ],
    Behaviour.HANGS: [
        {"name": "Nap", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 120}}
    ],
    Behaviour.RETURNS_OUTPUTS: [
        {"name": "Child", "type": "ExecutePipeline", "typeProperties": {}},
        returning(
            rows={"type": "Expression", "content": "@pipeline().parameters.rows"}, path=_PATH
        ),
    ],
    Behaviour.RETURNS_LONG_OUTPUT: [
        returning(
            long_output_values={"type": "String", "content": "x" * LONG_OUTPUT_LENGTH}, path=_PATH
        ),
    ],
}
GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})


def case(simulators: Simulators, job_type: JobType) -> JobTypeCase:
    """Return the case of a pipeline of either service."""
    simulator = simulators.simulator("simulators.data_factory", "--page-size", "3")
    for behaviour, activities in ACTIVITIES.items():
        put_pipeline(simulator, _name(behaviour), activities=activities)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        return [
            line["run_id"]
            for line in simulator.submissions()
            if line["parameters"].get("attempt") == request.token
        ]

    behaviours = [*ACTIVITIES, Behaviour.MISSING]
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator, job_type),
        jobs={behaviour: a_job(job_type, behaviour) for behaviour in behaviours},
        endpoints={
            Step.SUBMIT: "pipelines/*/createRun",
            Step.READ: "GET pipelineruns/*",
            Step.DETAILS: "*/queryActivityruns",
            Step.CANCEL: "pipelineruns/*/cancel",
            Step.FIND: "GET pipelines",
            Step.DESCRIBE: "GET pipelines/*",
            Step.TEST: "queryPipelineRuns",
        },
        started_runs=started_runs,
        failure=("Stop", "no sales"),
        unknown_state={"status": "Dreaming"},
        unknown_runs=(
            "00000000-0000-0000-0000-000000000000",
            "",
            "../runs",
            "1&x=2",
            "a b",
            "x?api-version=1",
        ),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": "lo\u0430d\u200b"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"attemptTokenParameter": "atempt"}}, "settings.attemptTokenParameter"),
            ({"settings": {"attemptTokenParameter": "rows"}}, "settings.attemptTokenParameter"),
            ({"settings": {"attemptTokenParameter": 1}}, "settings.attemptTokenParameter"),
            ({"settings": {"resubmit": "Pray"}}, "settings.resubmit"),
        ),
        parameters=SCHEMA,
        typed=True,
        outputs={"rows": 1, "path": "/x"},
        accepts_undeclared="the services ignore values that a pipeline does not declare",
        foreign_addresses=(
            ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/pipelines"}),
        ),
    )


def a_platform(simulator: SimulatorProcess, job_type: JobType) -> Platform:
    is_factory = job_type is JobType.ADF_PIPELINE
    names_in = {"factoryName": "adf-sales"} if is_factory else {"workspaceName": "syn-sales"}
    return Platform.model_validate(
        {
            "name": "pipelines",
            "type": "AzureDataFactory" if is_factory else "AzureSynapse",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "endpoint": simulator.url,
                **names_in,
            },
        }
    )


def a_job(job_type: JobType, behaviour: Behaviour, **changes: Any) -> Job:
    outputs = (Parameter(name="path", direction=Direction.OUTPUT),)
    return Job(
        name="load",
        platform="pipelines",
        job_type=job_type,
        external_id=_name(behaviour),
        parameters=SCHEMA + outputs if behaviour in GIVES else SCHEMA,
        settings={"attemptTokenParameter": "attempt"},
    ).model_copy(update=changes)


def put_pipeline(simulator: SimulatorProcess, name: str, **properties: Any) -> None:
    """Publish a pipeline."""
    simulator.call(
        "PUT",
        f"{FACTORY}/pipelines/{name}?api-version=2018-06-01",
        {"properties": {"parameters": PARAMETERS, **properties}},
        Authorization="Bearer anything",
    )


def _name(behaviour: Behaviour) -> str:
    return f"pl_{behaviour.value.replace(' ', '_')}"


def data_factory(simulators: Simulators) -> JobTypeCase:
    """Return the case of ADFPipeline."""
    return case(simulators, JobType.ADF_PIPELINE)


def synapse(simulators: Simulators) -> JobTypeCase:
    """Return the case of SynapsePipeline."""
    return case(simulators, JobType.SYNAPSE_PIPELINE)


CASES: dict[str, MakeCase] = {
    JobType.ADF_PIPELINE: data_factory,
    JobType.SYNAPSE_PIPELINE: synapse,
}
