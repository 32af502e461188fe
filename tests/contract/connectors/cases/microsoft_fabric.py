"""The cases of Microsoft Fabric, one per item type, which share one simulator."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonValue
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

WORKSPACE = "4b218778-e7a5-4d73-8187-f10824047715"
ROWS = Parameter(name="rows", data_type=DataType.INT, default=1)
PATH = Parameter(name="path", direction=Direction.OUTPUT)
_FAILURE = {"requestId": None, "errorCode": "Stop", "message": "no sales"}
_UNKNOWN = "00000000-0000-4000-8000-000000000000"


def notebook_file(source: str) -> str:
    """Return a Jupyter document with a parameters cell."""
    cells = [
        {"cell_type": "code", "metadata": {}, "source": ["import os\n"]},
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source},
    ]
    metadata = {"language_info": {"name": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": metadata})


def returning(**values: JsonValue) -> dict[str, Any]:
    """Return the activity that has set a pipeline's return value."""
    return {
        "activityName": "Return",
        "activityType": "SetVariable",
        "status": "Succeeded",
        "activityRunEnd": "2030-01-01T00:00:02.1234567Z",
        "output": {"pipelineReturnValue": values},
        "error": {"errorCode": "", "message": ""},
    }


FAILED_ACTIVITY = {
    "activityName": "Stop",
    "activityType": "Fail",
    "status": "Failed",
    "activityRunEnd": "2030-01-01T00:00:02Z",
    "output": {},
    "error": {"errorCode": "1", "message": "no sales", "failureType": "UserError"},
}
_PIPELINE = {
    "properties": {
        "activities": [],
        "parameters": {"rows": {"type": "int", "defaultValue": 1}},
    }
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The test artefacts of one item type."""

    item: Mapping[str, Any]
    """The definition in the simulator, without the course of runs."""
    parameters: tuple[Parameter, ...] = (ROWS,)
    typed: bool = True
    outputs: Mapping[Behaviour, Mapping[str, Any]] = field(
        default_factory=dict[Behaviour, Mapping[str, Any]]
    )
    """The courses of the runs with outputs."""
    failure: tuple[str, str] = ("", "no sales")
    details: str = "GET items/*/jobs/instances/*"
    describe: str = "*/getDefinition"
    settings_problem: tuple[str, JsonValue] = ("timeout", 5)
    foreign: tuple[ForeignAddress, ...] = ()


KINDS = {
    JobType.FABRIC_NOTEBOOK: Kind(
        item={"type": "Notebook", "files": {"notebook-content.ipynb": notebook_file("rows = 1\n")}},
        outputs={
            Behaviour.RETURNS_OUTPUTS: {"exitValue": '{"rows": 1, "path": "/x"}'},
            Behaviour.RETURNS_LONG_OUTPUT: {
                "exitValue": json.dumps({"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"})
            },
        },
        settings_problem=("defaultLakehouseId", "sales"),
    ),
    JobType.FABRIC_PIPELINE: Kind(
        item={"type": "DataPipeline", "files": {"pipeline-content.json": json.dumps(_PIPELINE)}},
        outputs={
            Behaviour.RETURNS_OUTPUTS: {"activities": [returning(rows=1, path="/x")]},
            Behaviour.RETURNS_LONG_OUTPUT: {
                "activities": [returning(much="x" * LONG_OUTPUT_LENGTH, path="/x")]
            },
        },
        failure=("Stop", "no sales"),
        details="*/queryactivityruns",
    ),
    JobType.FABRIC_DATAFLOW: Kind(
        item={
            "type": "Dataflow",
            "parameters": [
                {"name": "rows", "type": "Integer", "isRequired": False, "defaultValue": 1}
            ],
        },
        describe="dataflows/*/parameters",
        settings_problem=("executeOption", "Maybe"),
        foreign=(
            ForeignAddress(
                Step.DESCRIBE, {"continuationUri": f"https://{FOREIGN_HOST}/parameters"}
            ),
        ),
    ),
    JobType.FABRIC_SPARK_JOB: Kind(
        item={
            "type": "SparkJobDefinition",
            "files": {
                "SparkJobDefinitionV1.json": json.dumps({"commandLineArguments": "--rows 1"})
            },
        },
        parameters=(Parameter(name="commandLineArguments", default="--rows 1"),),
        typed=False,
        settings_problem=("environmentId", "1"),
    ),
}


def case(job_type: JobType, simulators: Simulators) -> JobTypeCase:
    """Return the case of one item type."""
    kind = KINDS[job_type]
    simulator = simulators.simulator("simulators.fabric", "--page-size", "3")
    courses: dict[Behaviour, Mapping[str, Any]] = {
        Behaviour.SUCCEEDS: {},
        Behaviour.FAILS: {
            "outcome": "Failed",
            "failure": _FAILURE,
            **({"activities": [FAILED_ACTIVITY]} if job_type is JobType.FABRIC_PIPELINE else {}),
        },
        Behaviour.HANGS: {"outcome": None},
        **kind.outputs,
    }
    for behaviour, course in courses.items():
        put_item(simulator, item_id(job_type, behaviour), **kind.item, **course)
    setting, value = kind.settings_problem
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(job_type, each) for each in [*courses, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "POST items/*/jobs/instances",
            Step.READ: "GET items/*/jobs/instances/*",
            Step.DETAILS: kind.details,
            Step.CANCEL: "*/cancel",
            Step.FIND: "GET items",
            Step.DESCRIBE: kind.describe,
            Step.TEST: "workspace",
        },
        started_runs=partial(started_runs, simulator),
        failure=kind.failure,
        unknown_state={"status": "Dreaming"},
        unknown_runs=(_UNKNOWN, "", "../runs", "1&x=2", "a b", f"{_UNKNOWN}?beta=true"),
        refused=(
            ({"external_id": "sales"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": f"{_UNKNOWN}/jobs"}, "externalId"),
            ({"settings": {setting: value}}, f"settings.{setting}"),
            ({"settings": {"resubmit": "Pray"}}, "settings.resubmit"),
        ),
        parameters=kind.parameters,
        typed=kind.typed,
        outputs={"rows": 1, "path": "/x"} if kind.outputs else {},
        accepts_undeclared="Fabric passes every value on to the item",
        foreign_addresses=(
            ForeignAddress(Step.FIND, {"continuationUri": f"https://{FOREIGN_HOST}/items"}),
            *kind.foreign,
        ),
    )


def started_runs(simulator: SimulatorProcess, request: SubmitRequest) -> Sequence[str]:
    """Return the runs since the begin of a request, because Fabric gets no token."""
    return [
        line["run_id"]
        for line in simulator.submissions()
        if line["item"] == request.job.external_id
        and datetime.fromisoformat(line["at"]) >= request.begun_at
    ]


def a_platform(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "fabric",
            "type": "MicrosoftFabric",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "fabricWorkspaceId": WORKSPACE,
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(job_type: JobType, behaviour: Behaviour, **changes: Any) -> Job:
    gives = behaviour in {Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT}
    return Job(
        name="load",
        platform="fabric",
        job_type=job_type,
        external_id=item_id(job_type, behaviour),
        parameters=(ROWS, PATH) if gives else (ROWS,),
    ).model_copy(update=changes)


def item_id(job_type: JobType, behaviour: Behaviour) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{job_type}/{behaviour}"))


def put_item(simulator: SimulatorProcess, item: str, **script: Any) -> None:
    """Define an item and the course of its runs."""
    simulator.control("PUT", f"items/{item}", {"displayName": f"Item {item[:8]}", **script})


CASES: dict[str, MakeCase] = {job_type: partial(case, job_type) for job_type in KINDS}
