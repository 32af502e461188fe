"""Resolves the parameter values that an attempt sends, and records them on the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import DataType, Direction
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.run import TaskRun, with_attempt
from polysync_core.domain.security.secrets import is_secret_reference
from polysync_core.domain.strict_documents import checked
from polysync_core.domain.variables import RunVariables, has_variables, substitute

VALUE_BYTES = 8 * 1024
"""The largest recorded value with its name, as JSON in UTF-8."""
TOTAL_BYTES = 64 * 1024
"""The limit of the recorded values of all attempts of a run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptValues:
    """The values of one attempt, with secrets as references."""

    values: JsonObject
    not_kept: tuple[str, ...]
    """Names of the parameters whose resolved values are too long for the row."""


def inputs_of(run: TaskRun) -> JsonObject:
    """Return the input parameters of a run; a default of an output is never sent."""
    outputs = {each.name for each in run.job.parameters if each.direction is Direction.OUTPUT}
    return {name: value for name, value in run.parameters.items() if name not in outputs}


def is_template(value: JsonValue) -> bool:
    """Return whether each attempt resolves a value anew, because it holds run variables."""
    return isinstance(value, str) and not is_secret_reference(value) and has_variables(value)


def resolved(run: TaskRun, name: str, attempt: int) -> JsonValue:
    """Return the value of a parameter in an attempt; a secret stays a reference.

    Raises `Invalid` if the resolved text does not fit the data type of the parameter.
    """
    value = run.parameters[name]
    if not (isinstance(value, str) and is_template(value)):
        return value
    parameter = run.job.parameter(name)
    data_type = DataType.STRING if parameter is None else parameter.data_type
    text = substitute(value, variables_of(run, attempt))
    return convert_literal(text, data_type, path=f"parameters.{name}")


def with_values(run: TaskRun, *, keep: bool = True) -> TaskRun:
    """Return a run whose last attempt is about to be sent, with the resolved values.

    `keep` is false if the row has no room for them. A further try sends the same values.
    """
    sent = run.attempts[-1]
    if sent.parameters is not None:
        return run
    repaired = run.repaired_by(sent.number)
    if repaired is not None:
        # A repair keeps the values of the failed attempt; those of another run are not known.
        failed = [each for each in run.attempts if each.external_run_id == repaired]
        kept = failed[0].parameters if failed else None
    else:
        kept = _recorded(run, sent.number)
    return with_attempt(run, replace(sent, parameters=kept if keep and kept else {}))


def values_of(run: TaskRun, attempt: Attempt) -> AttemptValues | None:
    """Return the values of an attempt; None if nothing was sent."""
    kept = attempt.parameters
    if kept is None:
        return None
    given = inputs_of(run)
    missing = tuple(name for name in given if is_template(given[name]) and name not in kept)
    values = {name: kept.get(name, value) for name, value in given.items() if name not in missing}
    return AttemptValues(values=values, not_kept=missing)


def _recorded(run: TaskRun, attempt: int) -> JsonObject:
    """Return the resolved values that the row keeps for an attempt, within the limits."""
    left = TOTAL_BYTES - sum(_size(dict(each.parameters or {})) for each in run.attempts)
    kept: JsonObject = {}
    for name, value in _resolved_templates(run, attempt):
        size = _size({name: value})
        if size <= min(left, VALUE_BYTES):
            kept[name] = value
            left -= size
    return kept


def _resolved_templates(run: TaskRun, attempt: int) -> Iterator[tuple[str, JsonValue]]:
    for name, value in inputs_of(run).items():
        if is_template(value):
            try:
                found = resolved(run, name, attempt)
                checked(found)
            except Invalid:
                # The submit refuses the value, or no row can hold it.
                continue
            yield name, found


def _size(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def variables_of(run: TaskRun, attempt: int) -> RunVariables:
    """Return the run variables of an attempt."""
    return RunVariables(
        id=run.run_id,
        attempt=attempt,
        scheduled_time=run.variable_time,
        time_zone=run.time_zone or "UTC",
        trigger_type=run.trigger_type,
        graph_run_id=run.graph_run_id,
        arrival=None if run.arrival is None else run.arrival.values,
    )
