"""Builds the OpenLineage events of a run with the official client library.

https://openlineage.io/docs/spec/object-model. Import this module on first use: the library takes
longer to import than most of Polysync.
"""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    documentation_job,
    error_message_run,
    execution_parameters_run,
    job_type_job,
    nominal_time_run,
    parent_run,
    tags_run,
)
from openlineage.client.serde import Serde

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.lineage.datasets import ResolvedDataset, resolved_datasets
from polysync_core.domain.lineage.storage_addresses import datasets_in
from polysync_core.domain.runs.failures.details import plain
from polysync_core.domain.runs.parameters.values import inputs_of, resolved, variables_of
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.security.secrets import is_secret_reference

PRODUCER = "urn:polysync:lineage"
"""The producer in every event, a URI."""
set_producer(PRODUCER)

_STATES = {
    RunStatus.RUNNING: RunState.START,
    RunStatus.SUCCEEDED: RunState.COMPLETE,
    RunStatus.FAILED: RunState.FAIL,
    RunStatus.CANCELLED: RunState.ABORT,
}
_LONGEST = 1_000


def event_of(event: JsonObject, run: TaskRun, *, namespace: str) -> str:
    """Return the OpenLineage event of a change of status, as JSON."""
    status = RunStatus(str(event["to"]))
    number = max(1, len(run.attempts))
    values, variables = _values(run, number), variables_of(run, number)
    inputs = resolved_datasets(run.job.inputs, values, variables)
    declared = resolved_datasets(run.job.outputs, values, variables)
    reported = datasets_in(run.outputs) if status is RunStatus.SUCCEEDED else []
    outputs = list(dict.fromkeys([*declared, *reported]))
    built = RunEvent(
        eventType=_state(status, event),
        eventTime=str(event["at"]),
        run=Run(runId=lineage_id(run.run_id), facets=_run_facets(event, run, values, namespace)),
        job=Job(namespace=namespace, name=run.title, facets=_job_facets(run)),
        inputs=[InputDataset(namespace=each.namespace, name=each.name) for each in inputs],
        outputs=_outputs(outputs),
    )
    return Serde.to_json(built)


def lineage_id(run_id: str) -> str:
    """Return the UUID of a run, which is derived from its id."""
    return str(uuid5(NAMESPACE_URL, f"polysync/runs/{run_id}"))


def _state(status: RunStatus, event: JsonObject) -> RunState:
    attempt = event.get("attempt")
    is_retry = status is RunStatus.RUNNING and isinstance(attempt, int) and attempt > 1
    return RunState.RUNNING if is_retry else _STATES[status]


def _outputs(datasets: list[ResolvedDataset]) -> list[OutputDataset]:
    return [OutputDataset(namespace=each.namespace, name=each.name) for each in datasets]


def _job_facets(run: TaskRun) -> dict[str, JobFacet]:
    facets: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="POLYSYNC", jobType=run.job.job_type
        )
    }
    if run.job.description:
        facets["documentation"] = documentation_job.DocumentationJobFacet(
            description=run.job.description
        )
    return facets


def _run_facets(
    event: JsonObject, run: TaskRun, values: JsonObject, namespace: str
) -> dict[str, RunFacet]:
    facets: dict[str, RunFacet] = {"tags": _tags(event, run)}
    if run.graph_run_id != run.run_id:
        facets["parent"] = _parent(run, namespace)
    if run.scheduled_time is not None:
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=rfc3339(run.scheduled_time)
        )
    parameters = _parameters(run, values)
    if parameters:
        facets["executionParameters"] = execution_parameters_run.ExecutionParametersRunFacet(
            parameters=parameters
        )
    error = event.get("error") or event.get("reason")
    if event["to"] == RunStatus.FAILED and isinstance(error, str):
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=plain(error)[:_LONGEST], programmingLanguage="UNKNOWN"
        )
    return facets


def _parent(run: TaskRun, namespace: str) -> parent_run.ParentRunFacet:
    """Return the graph run as the parent; its job is the Task of the root run."""
    roots = [each.task for each in run.origins if each.run_id == run.graph_run_id]
    name = roots[0] if roots else run.title
    return parent_run.ParentRunFacet(
        run=parent_run.Run(runId=lineage_id(run.graph_run_id)),
        job=parent_run.Job(namespace=namespace, name=name),
    )


def _values(run: TaskRun, attempt: int) -> JsonObject:
    """Return the values of an attempt; a value that cannot be resolved is left out."""
    values: JsonObject = {}
    for name in inputs_of(run):
        try:
            values[name] = resolved(run, name, attempt)
        except Invalid:
            continue
    return values


def _parameters(
    run: TaskRun, values: JsonObject
) -> list[execution_parameters_run.ExecutionParameter]:
    """Return the values of parameters; secrets and their references are left out."""
    return [
        execution_parameters_run.ExecutionParameter(key=name, value=_text(value))
        for name, value in values.items()
        if not _is_secret(name, value, run)
    ]


def _is_secret(name: str, value: JsonValue, run: TaskRun) -> bool:
    parameter = run.job.parameter(name)
    is_reference = isinstance(value, str) and is_secret_reference(value)
    return is_reference or (parameter is not None and parameter.is_secret)


def _tags(event: JsonObject, run: TaskRun) -> tags_run.TagsRunFacet:
    """Return the facts of Polysync, and the tags of the Task."""
    facts = {
        "polysync.runId": run.run_id,
        "polysync.platform": run.job.platform,
        "polysync.job": run.job.name,
        "polysync.trigger": run.trigger_type.value,
        "polysync.schedule": run.schedule,
        "polysync.attempt": str(event.get("attempt") or 0),
        "polysync.cause": event.get("cause"),
        "polysync.monitorUrl": event.get("monitorUrl"),
    }
    own = [
        tags_run.TagsRunFacetFields(key=key, value=value, source="POLYSYNC")
        for key, value in facts.items()
        if isinstance(value, str)
    ]
    users = [
        tags_run.TagsRunFacetFields(key=key, value=value, source="USER")
        for key, value in run.tags.items()
    ]
    return tags_run.TagsRunFacet(tags=[*own, *users])


def _text(value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
