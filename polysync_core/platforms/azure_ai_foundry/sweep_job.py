"""Defines the job type AIFoundrySweepJob, which runs copies of a sweep job.

A value replaces a distribution of the search space with a choice of one. Parameters without a
value, the sampling and the limits come from the template.
"""

from __future__ import annotations

import json

from polysync_core.domain.definitions.jobs import DataType, JobType
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.azure_ai_foundry.parameters import (
    DeclaredParameters,
    inputs_with,
    no_such_input,
    texts_of,
    type_of,
)
from polysync_core.platforms.azure_ai_foundry.settings import (
    COMMAND,
    COMPUTE,
    ENVIRONMENT,
    OBJECTIVE_GOAL,
    OBJECTIVE_METRIC,
)
from polysync_core.platforms.azure_ai_foundry.template_job import TemplateJobType
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import as_json

_WHOLE = frozenset({"randint"})
_REAL = frozenset(
    {
        "lognormal",
        "loguniform",
        "normal",
        "qlognormal",
        "qloguniform",
        "qnormal",
        "quniform",
        "uniform",
    }
)


def with_choices(properties: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return a sweep's properties with the request's values as the only choices."""
    space, inputs = object_in(properties, "searchSpace"), object_in(properties, "inputs")
    tokens = as_json(request.parameters, request.job.parameters)
    for name in tokens:
        if name not in space and name not in inputs:
            raise no_such_input(name, {**space, **inputs})
    # The official clients send the array form.
    chosen: JsonObject = {name: ["choice", [[tokens[name]]]] for name in tokens if name in space}
    fixed = {
        name: text for name, text in texts_of(request, properties).items() if name not in space
    }
    return {
        **properties,
        "searchSpace": {**space, **chosen},
        "inputs": inputs_with(properties, fixed),
    }


def describe_space(template: JsonObject) -> ArtefactSchema:
    """Return the search space, the literal inputs and the outputs of a template."""
    findings = DeclaredParameters()
    for name, entry in object_in(template, "searchSpace").items():
        distribution, arguments = _read(entry)
        findings.add(
            name,
            data_type=_type_of(distribution, arguments),
            description=shortened_line(f"{distribution} {json.dumps(arguments)}"),
        )
    findings.add_inputs(template)
    findings.add_outputs(template)
    return findings.schema()


def _read(entry: JsonValue) -> tuple[str, list[JsonValue]]:
    """Return a distribution and its arguments; the arguments of a choice are its values."""
    match entry:
        case ["choice", [[*values]]] | {"type": "choice", "values": [*values]}:
            return "choice", values
        case [str(distribution), [*arguments]]:
            return distribution, arguments
        case _:
            return "unknown", []


def _type_of(distribution: str, arguments: list[JsonValue]) -> DataType:
    if distribution == "choice":
        return type_of(arguments)
    if distribution in _WHOLE:
        return DataType.INT
    return DataType.FLOAT if distribution in _REAL else DataType.STRING


SWEEP_JOB = TemplateJobType(
    job_type=JobType.AI_FOUNDRY_SWEEP_JOB,
    kind="Sweep",
    settings={
        "aiFoundryComputeName": COMPUTE,
        "aiFoundryEnvironmentName": ENVIRONMENT.within("trial"),
        "aiFoundryCommand": COMMAND.within("trial"),
        "aiFoundryObjectiveMetric": OBJECTIVE_METRIC,
        "aiFoundryObjectiveGoal": OBJECTIVE_GOAL,
    },
    with_values=with_choices,
    describe=describe_space,
)
