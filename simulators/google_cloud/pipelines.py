"""Validates Vertex AI pipeline specifications (Kubeflow format), and computes task results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.google_cloud.errors import invalid
from simulators.google_cloud.runs import ENDLESS, ERROR, FAILING, Run, program_in

_TYPES: Mapping[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}
_OLD = {"INT": "intValue", "DOUBLE": "doubleValue", "STRING": "stringValue"}


def check_pipeline(body: Mapping[str, Any]) -> None:
    """Raise the service's error for a pipeline job that cannot start."""
    spec, config = body.get("pipelineSpec") or {}, body.get("runtimeConfig") or {}
    if not spec and not body.get("templateUri"):
        raise invalid("One of pipeline_spec and template_uri is required.")
    if not str(config.get("gcsOutputDirectory", "")).startswith("gs://"):
        raise invalid("runtime_config.gcs_output_directory is required.")
    inputs = parameters_of(spec.get("root", {}), "inputDefinitions")
    old = str(spec.get("schemaVersion", "2.1.0")).startswith("2.0")
    values = config.get("parameters" if old else "parameterValues") or {}
    for name, value in values.items():
        if name not in inputs:
            raise invalid(f"Parameter {name} is not found in the pipeline spec.")
        (_check_old if old else _check)(name, value, inputs[name])
    for name, definition in inputs.items():
        optional = definition.get("isOptional") or "defaultValue" in definition
        if name not in values and not optional:
            raise invalid(f"Parameter {name} has no value.")


def _check(name: str, value: object, definition: Mapping[str, Any]) -> None:
    kind = str(definition.get("parameterType"))
    wrong = isinstance(value, bool) is not (kind == "BOOLEAN")
    # Google's client writes every number of a `Struct` as a decimal number.
    fraction = isinstance(value, float) and kind == "NUMBER_INTEGER" and not value.is_integer()
    if not isinstance(value, _TYPES[kind]) or wrong or fraction:
        raise invalid(f"Parameter {name} is not of the type {kind}.")


def _check_old(name: str, value: object, definition: Mapping[str, Any]) -> None:
    field = _OLD[str(definition.get("type"))]
    if not isinstance(value, dict) or list(value) != [field]:
        raise invalid(f"Parameter {name} has no {field}.")


def parameters_of(component: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the definitions of a component's input or output parameters."""
    return dict((component.get(kind) or {}).get("parameters") or {})


def program_of(spec: Mapping[str, Any]) -> str:
    """Return the program that decides the outcome of a pipeline."""
    programs = [_program(spec, task) for task in _tasks(spec).values()]
    return next((each for each in (ENDLESS, FAILING) if each in programs), "echo")


def details(run: Run) -> dict[str, Any]:
    """Return the details of a pipeline's tasks."""
    spec = run.body.get("pipelineSpec") or {}
    root = {"taskId": "1", "taskName": run.id, "state": run.state()}
    tasks = [root]
    for number, (name, task) in enumerate(_tasks(spec).items(), start=2):
        tasks.append({"taskId": str(number), "parentTaskId": "1", **_detail(run, name, task)})
    return {"taskDetails": tasks}


def failed_task(spec: Mapping[str, Any]) -> str:
    """Return the name of the first task that fails."""
    return next(name for name, task in _tasks(spec).items() if _program(spec, task) == FAILING)


def _detail(run: Run, name: str, task: Mapping[str, Any]) -> dict[str, Any]:
    spec, state = run.body["pipelineSpec"], run.state()
    program = _program(spec, task)
    detail: dict[str, Any] = {"taskName": name, "state": state}
    if state == "FAILED" and program == FAILING:
        return {**detail, "error": {"code": 9, "message": f"The replica workerpool0-0: {ERROR}"}}
    if state != "SUCCEEDED":
        return detail
    component = spec["components"][task["componentRef"]["name"]]
    inputs = _inputs(run, task)
    wanted = parameters_of(component, "outputDefinitions")
    metadata = {f"input:{key}": value for key, value in inputs.items()}
    metadata |= {f"output:{key}": inputs[key] for key in wanted if key in inputs}
    folder = run.body["runtimeConfig"]["gcsOutputDirectory"]
    artifacts = (component.get("outputDefinitions") or {}).get("artifacts") or {}
    outputs = {key: {"artifacts": [{"uri": f"{folder}/{run.id}/{key}"}]} for key in artifacts}
    return {**detail, "execution": {"metadata": metadata}, "outputs": outputs}


def _inputs(run: Run, task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a task's inputs."""
    spec = run.body["pipelineSpec"]
    defaults = {
        name: definition["defaultValue"]
        for name, definition in parameters_of(spec["root"], "inputDefinitions").items()
        if "defaultValue" in definition
    }
    given = {**defaults, **(run.body["runtimeConfig"].get("parameterValues") or {})}
    found = {}
    for name, source in ((task.get("inputs") or {}).get("parameters") or {}).items():
        if "componentInputParameter" in source:
            found[name] = given.get(source["componentInputParameter"])
        else:
            found[name] = source["runtimeValue"]["constant"]
    return {name: value for name, value in found.items() if value is not None}


def _tasks(spec: Mapping[str, Any]) -> dict[str, Any]:
    return dict(((spec.get("root") or {}).get("dag") or {}).get("tasks") or {})


def _program(spec: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    component = spec["components"][task["componentRef"]["name"]]
    executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]
    return program_in(executor["container"]["image"])
