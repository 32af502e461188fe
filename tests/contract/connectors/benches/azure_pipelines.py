"""The job types of Azure Data Factory and Azure Synapse, which one simulator stands in for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonObject
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
    Behaviour.GIVES_OUTPUTS: [
        {"name": "Child", "type": "ExecutePipeline", "typeProperties": {}},
        returning(
            rows={"type": "Expression", "content": "@pipeline().parameters.rows"}, path=_PATH
        ),
    ],
    Behaviour.GIVES_MUCH: [
        returning(much={"type": "String", "content": "x" * LONG}, path=_PATH),
    ],
}
GIVES = frozenset({Behaviour.GIVES_OUTPUTS, Behaviour.GIVES_MUCH})


def bench(stage: Stage, job_type: JobType) -> Bench:
    """A pipeline of either service."""
    simulator = stage.simulator("simulators.data_factory", "--page-size", "3")
    for behaviour, activities in ACTIVITIES.items():
        put_pipeline(simulator, _name(behaviour), activities=activities)

    def started(order: SubmitRequest) -> Sequence[str]:
        return [
            line["run_id"]
            for line in simulator.submissions()
            if line["parameters"].get("attempt") == order.token
        ]

    behaviours = [*ACTIVITIES, Behaviour.MISSING]
    if job_type is JobType.SYNAPSE_PIPELINE:
        behaviours = [each for each in behaviours if each not in GIVES]
    return Bench(
        simulator=simulator,
        platform=a_platform(simulator, job_type),
        jobs={behaviour: a_job(job_type, behaviour) for behaviour in behaviours},
        endpoints={
            Step.SUBMIT: "pipelines/*/createRun",
            Step.READ: "GET pipelineruns/*",
            Step.CANCEL: "pipelineruns/*/cancel",
            Step.FIND: "GET pipelines",
            Step.DESCRIBE: "GET pipelines/*",
            Step.TEST: "queryPipelineRuns",
        },
        started=started,
        strange_state={"status": "Dreaming"},
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
            ({"settings": {"whenAnswerLost": "Pray"}}, "settings.whenAnswerLost"),
        ),
        parameters=SCHEMA,
        typed=True,
        outputs={"rows": 1, "path": "/x"},
        takes_anything="the services say nothing of values that a pipeline does not declare",
        foreign=(Foreign(Step.FIND, {"nextLink": f"https://{ELSEWHERE}/pipelines"}),),
    )


def a_platform(simulator: SimulatorProcess, job_type: JobType) -> Platform:
    is_factory = job_type is JobType.ADF_PIPELINE
    named = {"factoryName": "adf-sales"} if is_factory else {"workspaceName": "syn-sales"}
    return Platform.model_validate(
        {
            "name": "pipelines",
            "type": "AzureDataFactory" if is_factory else "AzureSynapse",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "endpoint": simulator.url,
                **named,
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


def data_factory(stage: Stage) -> Bench:
    """ADF Pipeline."""
    return bench(stage, JobType.ADF_PIPELINE)


def synapse(stage: Stage) -> Bench:
    """Synapse Pipeline."""
    return bench(stage, JobType.SYNAPSE_PIPELINE)


BENCHES: dict[str, Make] = {
    JobType.ADF_PIPELINE: data_factory,
    JobType.SYNAPSE_PIPELINE: synapse,
}
