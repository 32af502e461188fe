"""Computes the inputs that a Task's dependencies map from outputs of upstream runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from polysync_core.domain.definitions.jobs import DataType, Job
from polysync_core.domain.definitions.tasks import Dependency, Join, Take, Task
from polysync_core.domain.definitions.tasks import Mapping as OutputMapping
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.run import MappedInput, TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.security.secrets import resembles_reference

LIST_TYPES = frozenset({DataType.JSON, DataType.JSON_ARRAY})
"""The types of inputs that take the list of the values of a window."""
_MAX_NAMED_OUTPUTS = 20


type Parents = Mapping[str, Sequence[TaskRun]]
"""The runs of each upstream; a window may have several, oldest fire time first."""


def mapped_values(
    task: Task, job: Job, parents: Parents, given: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the mapped inputs of a Task; a given value takes precedence over a mapping.

    A window passes the list of its values to an input of a JSON type, and the newest value to any
    other input. Raises `Invalid` with every output that is missing or does not fit its parameter.
    """
    values: dict[str, JsonValue] = {}
    problems: list[Problem] = []
    for dependency, mapping in _applied(task, parents):
        parameter = job.parameter(mapping.input)
        if given.get(mapping.input) is not None or parameter is None:
            continue
        path = f"parameters.{mapping.input}"
        try:
            output = _passed(parents, dependency, mapping, parameter.data_type)
            values[mapping.input] = _convert(output, parameter.data_type, path)
        except Invalid as error:
            origin = f"output '{mapping.output}' of task '{dependency.task}'"
            problems += (Problem(each.path, f"{origin}: {each.message}") for each in error.problems)
    if problems:
        raise Invalid(problems)
    return values


def mapped_inputs(
    task: Task, parents: Parents, mapped: Mapping[str, JsonValue]
) -> dict[str, MappedInput]:
    """Return the source of each value that `mapped_values` returned; of a window, the newest."""
    return {
        mapping.input: MappedInput(
            task=dependency.task,
            run_id=_successes(parents, dependency)[-1].run_id,
            output=mapping.output,
        )
        for dependency, mapping in _applied(task, parents)
        if mapping.input in mapped
    }


def _successes(parents: Parents, dependency: Dependency) -> list[TaskRun]:
    runs = parents.get(dependency.task, ())
    return [run for run in runs if run.status is RunStatus.SUCCEEDED]


def _passed(
    parents: Parents, dependency: Dependency, mapping: OutputMapping, data_type: DataType
) -> JsonValue:
    """Return the value that a mapping passes on; of a window, a list."""
    path = f"parameters.{mapping.input}"
    runs = _successes(parents, dependency)
    if dependency.take is not Take.WINDOW or data_type not in LIST_TYPES or not runs:
        newest = runs[-1] if runs else None
        return _output(newest, dependency.task, mapping.output, path)
    return [_output(run, dependency.task, mapping.output, path) for run in runs]


def _applied(task: Task, parents: Parents) -> Iterator[tuple[Dependency, OutputMapping]]:
    """Yield the mappings that apply; for each input, the first dependency counts.

    A run that did not succeed has no outputs, so its mappings do not apply. With the join `Any`,
    the same is true of an upstream that did not bring an outcome.
    """
    taken: set[str] = set()
    for dependency in task.dependencies:
        has_ended = bool(parents.get(dependency.task))
        if not has_ended and task.join is Join.ANY:
            continue
        if has_ended and not _successes(parents, dependency):
            continue
        for mapping in dependency.mappings:
            if mapping.input not in taken:
                taken.add(mapping.input)
                yield dependency, mapping


def needed_parents(task: Task, given: Mapping[str, JsonValue]) -> list[str]:
    """Return the upstreams whose outputs a run needs beside its given values."""
    return [
        dependency.task
        for dependency in task.dependencies
        if any(given.get(mapping.input) is None for mapping in dependency.mappings)
    ]


def _output(parent: TaskRun | None, task: str, name: str, path: str) -> JsonValue:
    if parent is None:
        raise Invalid.at(
            path, f"no run of '{task}' has succeeded yet: run it first, or give a value"
        )
    value = parent.outputs.get(name)
    if value is None:
        message = f"run {parent.run_id} ({parent.status}) {_absence(parent, name)}"
        raise Invalid.at(path, message)
    return value


def _absence(parent: TaskRun, name: str) -> str:
    """Return the reason for a missing output, as the end of a sentence."""
    if name in parent.redacted_outputs:
        return "does not keep it, because it is sensitive"
    if why := parent.outputs_not_kept.get(name):
        return f"has not kept it: {why}"
    known = sorted(parent.outputs)
    more = f" and {len(known) - _MAX_NAMED_OUTPUTS} more" if len(known) > _MAX_NAMED_OUTPUTS else ""
    return f"has no such output (it has: {', '.join(known[:_MAX_NAMED_OUTPUTS]) or 'none'}{more})"


def _convert(value: JsonValue, data_type: DataType, path: str) -> JsonValue:
    """Return an output as the value of its parameter.

    An output is data. It must not name a secret, and a run variable in it stays text.
    """
    converted = convert_literal(value, data_type, path=path)
    if not isinstance(converted, str):
        return converted
    if resembles_reference(converted):
        raise Invalid.at(path, "is a secret reference, which only a definition may contain")
    return converted.replace("${", "$${")
