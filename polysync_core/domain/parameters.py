"""Converts parameter values to data types, and selects the effective value of each parameter.

| Data type | Accepts |
|---|---|
| `String` | text; another value becomes its JSON text |
| `Secret` | a `vault://<vault>/<secret>` reference |
| `Int` | a whole number, or its decimal text |
| `Float` | a finite number, or its decimal text |
| `Bool` | true or false, or those words |
| `Json` | any JSON value; the JSON text of an object or a list is parsed |
| `JsonArray` | a list, or its JSON text |

A reference to a secret and a text with run variables stay unchanged for every data type.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterable, Mapping

from polysync_core.domain.definitions.base import MAX_PARAMETERS
from polysync_core.domain.definitions.jobs import (
    DataType,
    Direction,
    Job,
    Parameter,
    UnknownParameters,
)
from polysync_core.domain.definitions.validation.lengths import too_many
from polysync_core.domain.definitions.validation.messages import suggestion
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import (
    SecretReference,
    is_secret_reference,
    resembles_reference,
)
from polysync_core.domain.variables import check_template, has_variables

_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")

_MAX_LISTED = 20
"""The maximum number of a Job's inputs that an error lists."""


def convert(
    value: JsonValue, data_type: DataType, *, path: str, facts: Container[str] | None = None
) -> JsonValue:
    """Return a value converted to its data type, or raise `Invalid` at `path`.

    None means an absent value and stays None. `facts` are the facts of events that a text may
    name; None means that the run has no events.
    """
    if value is None:
        return None
    if isinstance(value, str) and is_secret_reference(value):
        SecretReference.parse(value, path=path)
        return value
    if isinstance(value, str) and resembles_reference(value):
        raise Invalid.at(
            path, "a secret reference begins with vault:// in small letters and without spaces"
        )
    if isinstance(value, str) and has_variables(value) and data_type is not DataType.SECRET:
        return _template(value, path, facts)
    if data_type is DataType.STRING and not isinstance(value, str):
        # Only texts hold variables, so a `${` inside another value is escaped.
        return _text(value).replace("${", "$${")
    return convert_literal(value, data_type, path=path)


def convert_literal(value: JsonValue, data_type: DataType, *, path: str) -> JsonValue:
    """Convert a value without references and variables, such as an output."""
    match data_type:
        case DataType.STRING:
            return _string(value)
        case DataType.SECRET:
            raise Invalid.at(
                path, "a Secret is given as vault://<vault>/<secret>, never as plain text"
            )
        case DataType.INT:
            return _int(value, path)
        case DataType.FLOAT:
            return _float(value, path)
        case DataType.BOOL:
            return _bool(value, path)
        case DataType.JSON:
            return _json(value)
        case DataType.JSON_ARRAY:
            return _array(value, path)


def resolve(
    job: Job,
    task_values: Mapping[str, JsonValue],
    overrides: Mapping[str, JsonValue],
    *,
    path: str = "parameters",
    facts: Container[str] | None = None,
) -> dict[str, JsonValue]:
    """Return the effective values: an override wins over the Task, the Task over the default.

    References and run variables stay unresolved. A parameter that the artefact no longer has gets
    no default. Raises `Invalid` with every unknown name, wrong type and missing required value.
    """
    if len(overrides) > MAX_PARAMETERS:
        raise Invalid.at(path, too_many(len(overrides), MAX_PARAMETERS))
    given = {**task_values, **overrides}
    problems = [
        *unknown_parameters(job, overrides, path=path),
        *unknown_parameters(job, task_values, path=path),
        *_refused_values(job, given, path),
    ]
    effective: dict[str, JsonValue] = {}
    for parameter in job.parameters:
        if parameter.missing and parameter.name not in given:
            # The artefact would refuse or ignore the default.
            continue
        inner = f"{path}.{parameter.name}"
        try:
            chosen = _chosen(parameter, task_values, overrides)
            value = convert(chosen, parameter.data_type, path=inner, facts=facts)
        except Invalid as error:
            problems += error.problems
            continue
        if value is not None:
            effective[parameter.name] = value
        elif parameter.required and parameter.direction is not Direction.OUTPUT:
            problems.append(Problem(inner, "is required and has no value: give a value"))
    if problems:
        raise Invalid(problems)
    return effective


def _refused_values(job: Job, given: Iterable[str], path: str) -> list[Problem]:
    """Return a problem for every value that nothing reads, if the Job refuses such values."""
    if job.unknown_parameters is not UnknownParameters.FAIL:
        return []
    names = unread_parameters(job, given)
    return [Problem(f"{path}.{name}", unread_text(job, name)) for name in names]


def unknown_parameters(job: Job, values: Mapping[str, JsonValue], *, path: str) -> list[Problem]:
    """Return a problem for every value that has no input in the Job's schema."""
    inputs = [each.name for each in job.parameters if each.direction is not Direction.OUTPUT]
    listed = f" (it has: {', '.join(inputs[:_MAX_LISTED]) or 'none'})"
    known = {each.name: each for each in job.parameters}
    problems: list[Problem] = []
    for name in values:
        if name not in known:
            hint = suggestion(name, inputs, otherwise=listed)
            problems.append(Problem(f"{path}.{name}", no_such_parameter(job), hint))
        elif known[name].direction is Direction.OUTPUT:
            problems.append(
                Problem(f"{path}.{name}", "is an output, which takes no value: remove it")
            )
    return problems


def no_such_parameter(job: Job) -> str:
    """Return the text of the problem of a value without a parameter."""
    return f"job '{job.name}' has no such parameter"


def unread_parameters(job: Job, values: Iterable[str]) -> list[str]:
    """Return the names of values that the Job's artefact no longer reads."""
    missing = {each.name for each in job.parameters if each.missing}
    return [name for name in values if name in missing]


def unread_text(job: Job, name: str) -> str:
    """Return the warning about a value that the artefact does not read, with the remedy."""
    return (
        f"the artefact {job.external_id} no longer reads parameter '{name}', so the value has no "
        f"effect: remove or rename it, then sync the parameters of job '{job.name}'"
    )


def _chosen(
    parameter: Parameter, task_values: Mapping[str, JsonValue], overrides: Mapping[str, JsonValue]
) -> JsonValue:
    for values in (overrides, task_values):
        if values.get(parameter.name) is not None:
            return values[parameter.name]
    return parameter.default


def _template(value: str, path: str, facts: Container[str] | None) -> str:
    try:
        check_template(value) if facts is None else check_template(value, facts)
    except ValueError as error:
        raise Invalid.at(path, str(error)) from error
    return value


def _string(value: JsonValue) -> str:
    return value if isinstance(value, str) else _text(value)


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _int(value: JsonValue, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INT.fullmatch(value.strip()):
        return int(value)
    raise Invalid.at(path, f"must be a whole number (Int), not {_shown(value)}")


def _float(value: JsonValue, path: str) -> float:
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _as_float(value)
    elif isinstance(value, str) and _FLOAT.fullmatch(value.strip()):
        number = float(value)
    if number is None or not math.isfinite(number):
        raise Invalid.at(path, f"must be a finite number (Float), not {_shown(value)}")
    return number


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _bool(value: JsonValue, path: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise Invalid.at(path, f"must be true or false (Bool), not {_shown(value)}")


def _json(value: JsonValue) -> JsonValue:
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return _loaded(value)
    except ValueError:
        return value


def _array(value: JsonValue, path: str) -> list[JsonValue]:
    if isinstance(value, str):
        try:
            value = _loaded(value)
        except ValueError as error:
            raise Invalid.at(path, "must be a list (JsonArray) or the JSON text of one") from error
    if not isinstance(value, list):
        raise Invalid.at(path, f"must be a list (JsonArray), not {_shown(value)}")
    return value


def _loaded(text: str) -> JsonValue:
    def finite(word: str) -> float:
        number = float(word)
        if not math.isfinite(number):
            raise ValueError(word)
        return number

    try:
        return json.loads(text, parse_constant=finite, parse_float=finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _shown(value: JsonValue) -> str:
    """Describe a value without repeating it, because it may be a secret."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "this text"
        case int() | float():
            return "this number"
        case list():
            return "a list"
        case _:
            return "an object"
