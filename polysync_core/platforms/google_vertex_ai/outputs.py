"""Reads the outputs of successful Vertex AI pipeline jobs and batch prediction jobs.

Google documents the results of a task as metadata of its execution, under `output:<name>`. The
pipeline's specification names the task and the result behind each output of the pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.google_vertex_ai.parameters import converted, definitions_of

_RESULT = "output:"
_COUNTS = ("successfulCount", "failedCount", "incompleteCount")


def tasks_of(job: JsonObject) -> list[JsonObject]:
    """Return the tasks of a pipeline job; a list of jobs does not show them."""
    found = object_in(job, "jobDetail").get("taskDetails")
    return [task for task in found if isinstance(task, dict)] if isinstance(found, list) else []


def pipeline_outputs(run: JsonObject, job: Job) -> Mapping[str, JsonValue]:
    """Return a pipeline's outputs, and other values that the Job's schema names.

    Such a value is a parameter of the pipeline, or the result of a task as `<task>.<result>`.
    """
    tasks = _by_name(tasks_of(run))
    wanted = {each.name for each in job.parameters if each.direction is not Direction.INPUT}
    values = object_in(object_in(run, "runtimeConfig"), "parameterValues")
    outputs: dict[str, JsonValue] = {name: values[name] for name in wanted & values.keys()}
    for name in wanted:
        task, _, result = name.partition(".")
        outputs[name] = outputs.get(name, _result(tasks, task, result))
    outputs |= _declared(run, tasks)
    return {name: value for name, value in outputs.items() if value is not None}


def batch_outputs(run: JsonObject, job: Job) -> Mapping[str, JsonValue]:
    """Return the place of the predictions, and the numbers of predictions."""
    statistics = object_in(run, "completionStats")
    counts: JsonObject = {
        # The API writes 64-bit numbers as texts.
        name: int(text)
        for name in _COUNTS
        if (text := str(statistics.get(name, ""))).isascii() and text.isdecimal()
    }
    return {**object_in(run, "outputInfo"), **counts}


def _by_name(tasks: list[JsonObject]) -> dict[str, JsonObject]:
    """Return the tasks by their names; a task at a higher level hides those within others."""
    parents = {str(task.get("taskId")) for task in tasks if not task.get("parentTaskId")}
    nested = [task for task in tasks if str(task.get("parentTaskId")) not in parents]
    outer = [task for task in tasks if str(task.get("parentTaskId")) in parents]
    return {str(task.get("taskName")): task for task in (*nested, *outer)}


def _declared(run: JsonObject, tasks: Mapping[str, JsonObject]) -> dict[str, JsonValue]:
    spec = object_in(run, "pipelineSpec")
    found = object_in(object_in(object_in(spec, "root"), "dag"), "outputs")
    types = definitions_of(spec, "outputDefinitions")
    outputs: dict[str, JsonValue] = {}
    for name, source in object_in(found, "parameters").items():
        value = next(_results(tasks, source), None)
        outputs[name] = converted(value, object_in(types, name))
    for name, source in object_in(found, "artifacts").items():
        outputs[name] = next(_addresses(tasks, source), None)
    return outputs


def _results(tasks: Mapping[str, JsonObject], source: JsonValue) -> Iterator[JsonValue]:
    """Yield the results of the tasks that can give an output; one of several tasks has run."""
    given = source if isinstance(source, dict) else {}
    selectors = object_in(given, "valueFromOneof").get("parameterSelectors")
    for each in (object_in(given, "valueFromParameter"), *_objects(selectors)):
        task, name = each.get("producerSubtask"), each.get("outputParameterKey")
        value = _result(tasks, str(task), str(name))
        if value is not None:
            yield value


def _result(tasks: Mapping[str, JsonObject], task: str, name: str) -> JsonValue:
    return object_in(object_in(tasks.get(task, {}), "execution"), "metadata").get(_RESULT + name)


def _addresses(tasks: Mapping[str, JsonObject], source: JsonValue) -> Iterator[JsonValue]:
    """Yield the addresses of the artefacts of an output."""
    given = source if isinstance(source, dict) else {}
    for each in _objects(given.get("artifactSelectors")):
        task = tasks.get(str(each.get("producerSubtask")), {})
        output = object_in(object_in(task, "outputs"), str(each.get("outputArtifactKey")))
        yield from (found.get("uri") for found in _objects(output.get("artifacts")))


def _objects(value: JsonValue) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
