"""Validates Azure Machine Learning job definitions, and lists the simulated programs of a job."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.ai_foundry.errors import bad_argument
from simulators.ai_foundry.programs import Values, run_program

COMPUTES = frozenset({"cpu-cluster", "gpu-cluster"})
ENVIRONMENTS = frozenset({"sklearn"})
INPUT_TYPES = frozenset(
    {
        "literal",
        "uri_file",
        "uri_folder",
        "mltable",
        "custom_model",
        "mlflow_model",
        "triton_model",
    }
)

_LITERAL = re.compile(r"[a-zA-Z0-9_]")
_SCRIPT = re.compile(r"python (\w+)\.py\b")
_BINDING = re.compile(r"\$\{\{parent\.(inputs|outputs)\.(\w+)\}\}")
_OF_STEP = re.compile(r"\$\{\{parent\.jobs\.(\w+)\.outputs\.(\w+)\}\}")
_COMPONENT = re.compile(r"/components/(\w+)/versions/[\w.-]+$")
_ENVIRONMENT = re.compile(r"(?:^azureml:|/environments/)([\w-]+)(?::|/versions/)[\w.-]+$")
_REQUIRED = {
    "Command": ("command", "environmentId"),
    "Pipeline": ("jobs",),
    "Sweep": ("objective", "samplingAlgorithm", "searchSpace", "trial"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A program, its inputs, and the job outputs that its own outputs become."""

    program: str
    inputs: Values
    outputs: Mapping[str, str] | None = None
    """None: every output of the program is an output of the job."""

    def run(self) -> Values:
        """Return the values that the step adds to the job's outputs."""
        found = run_program(self.program, self.inputs)
        if self.outputs is None:
            return found
        return {outer: found[own] for own, outer in self.outputs.items() if own in found}


def check_definition(properties: Mapping[str, Any]) -> None:
    """Raise the service's error if it does not accept a definition."""
    kind = properties.get("jobType")
    if kind not in _REQUIRED:
        raise bad_argument(f"JobType {kind} is not supported.")
    missing = [name for name in _REQUIRED[kind] if not properties.get(name)]
    if missing:
        raise bad_argument(f"The {missing[0]} field is required.")
    for name, entry in (properties.get("inputs") or {}).items():
        _check_input(name, entry)
    _check_compute(properties.get("computeId"))
    trial = properties["trial"] if kind == "Sweep" else properties
    if kind != "Pipeline":
        _check_environment(trial.get("environmentId"))
    for _ in steps(properties):
        pass


def steps(properties: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the programs of a job in their order."""
    inputs = _values(properties.get("inputs") or {})
    match properties["jobType"]:
        case "Pipeline":
            for name, node in properties["jobs"].items():
                yield _node(name, node, inputs, properties["jobs"])
        case "Sweep":
            yield Step(
                program=_script(properties["trial"]["command"]),
                inputs={**inputs, **_first_trial(properties["searchSpace"])},
            )
        case _:
            yield Step(program=_script(properties["command"]), inputs=inputs)


def _node(
    name: str, node: Mapping[str, Any], inputs: Values, nodes: Mapping[str, Mapping[str, Any]]
) -> Step:
    component = _COMPONENT.search(str(node.get("componentId")))
    if component is None:
        raise bad_argument(f"Step {name} has no component.")
    values = _values(node.get("inputs") or {})
    outputs = {
        own: binding[2]
        for own, entry in (node.get("outputs") or {}).items()
        if (binding := _BINDING.fullmatch(str(entry.get("value"))))
    }
    bound = {own: _bound(name, value, inputs, nodes) for own, value in values.items()}
    return Step(program=component[1], inputs=bound, outputs=outputs)


def _bound(node: str, value: str, inputs: Values, nodes: Mapping[str, Mapping[str, Any]]) -> str:
    of_step = _OF_STEP.fullmatch(value)
    if of_step is not None:
        source = nodes.get(of_step[1], {})
        if of_step[2] not in (source.get("outputs") or {}):
            message = f"Step {node} reads an output that step {of_step[1]} does not have."
            raise bad_argument(message, "InputNotFound")
        return f"azureml://jobs/{of_step[1]}/outputs/{of_step[2]}"
    binding = _BINDING.fullmatch(value)
    if binding is None:
        return value
    if binding[2] not in inputs:
        raise bad_argument(f"Input {binding[2]} of step {node} does not exist.", "InputNotFound")
    return inputs[binding[2]]


def _values(entries: Mapping[str, Any]) -> dict[str, str]:
    """Return the literals, and the addresses of data; an input without both is left out."""
    kinds = {name: entry for name, entry in entries.items() if isinstance(entry, dict)}
    values: dict[str, str] = {}
    for name, entry in kinds.items():
        kind = entry.get("jobInputType") or entry.get("job_input_type")
        if kind == "literal":
            values[name] = str(entry.get("value"))
        elif entry.get("uri") is not None:
            values[name] = str(entry["uri"])
    return values


def _first_trial(space: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of one trial: the first choice or the lower bound."""
    values: dict[str, str] = {}
    for name, entry in space.items():
        match entry:
            case ["choice", [[first, *_]]]:
                values[name] = str(first)
            case [str(), [first, *_]]:
                values[name] = str(first)
            case _:
                raise bad_argument(f"The search space of {name} is not a distribution.")
    return values


def _script(command: str) -> str:
    found = _SCRIPT.search(command)
    return found[1] if found else command.split()[0]


def _check_input(name: str, entry: Any) -> None:
    if entry is None:
        return
    if not isinstance(entry, dict) or not isinstance(entry.get("jobInputType"), str):
        raise bad_argument(f"Input {name} has no jobInputType.")
    if entry["jobInputType"] not in INPUT_TYPES:
        raise bad_argument(f"The jobInputType {entry['jobInputType']} of input {name} is unknown.")
    if entry["jobInputType"] != "literal":
        if not entry.get("uri"):
            raise bad_argument(f"The Uri field of input {name} is required.")
        return
    value = entry.get("value")
    if not isinstance(value, str) or _LITERAL.search(value) is None:
        raise bad_argument(f"The value of input {name} must match the pattern [a-zA-Z0-9_].")


def _check_compute(compute: Any) -> None:
    if compute is not None and str(compute).rpartition("/computes/")[2] not in COMPUTES:
        raise bad_argument("The compute was not found.", "ComputeNotFound")


def _check_environment(environment: Any) -> None:
    found = _ENVIRONMENT.search(str(environment))
    if found is None or found[1] not in ENVIRONMENTS:
        raise bad_argument("The environment was not found.", "EnvironmentNotFound")
