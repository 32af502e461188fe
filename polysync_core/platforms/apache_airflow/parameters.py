"""Converts the declared `Param` objects of an Airflow DAG to Job parameters.

A `Param` has a default value and a JSON schema: https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
"""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in, text_in
from polysync_core.platforms.apache_airflow.states import PAUSED
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import INVALID_NAME, data_type_of, is_parameter_name

_TYPES: Mapping[str, DataType] = {
    "string": DataType.STRING,
    "integer": DataType.INT,
    "number": DataType.FLOAT,
    "boolean": DataType.BOOL,
    "object": DataType.JSON,
    "array": DataType.JSON_ARRAY,
}
_LONGEST_DESCRIPTION = 4000


def schema_of(dag: JsonObject) -> ArtefactSchema:
    """Return the parameters in the details of a DAG."""
    declared = dag.get("params")
    if "dag_id" not in dag or not isinstance(declared, dict | None):
        raise UnexpectedAnswer
    notes: list[str] = []
    found: list[Parameter] = []
    guessed: set[str] = set()
    for name, param in (declared or {}).items():
        if not is_parameter_name(name):
            notes.append(INVALID_NAME)
            continue
        # A plain value is a parameter without a schema.
        about = param if isinstance(param, dict) and "value" in param else {"value": param}
        found.append(_parameter(name, about))
        if _declared_type(object_in(about, "schema")) is None:
            guessed.add(name)
    is_complete = not notes
    if dag.get("is_paused") is True:
        notes.append(PAUSED)
    return ArtefactSchema(
        parameters=tuple(found),
        typed=True,
        guessed=frozenset(guessed),
        notes=tuple(notes),
        complete=is_complete,
    )


def _parameter(name: str, about: JsonObject) -> Parameter:
    schema = object_in(about, "schema")
    value = about.get("value")
    data_type = _declared_type(schema) or data_type_of(value)
    description = text_in(about, "description") or text_in(schema, "description")
    return Parameter(
        name=name,
        data_type=data_type,
        default=_default(value, data_type),
        description=description[:_LONGEST_DESCRIPTION] or text_in(schema, "title") or None,
        required=value is None and _declared_type(schema) is not None and not _is_nullable(schema),
    )


def _default(value: JsonValue, data_type: DataType) -> JsonValue:
    """Return a default of its type; a whole number is one, too, where any number is allowed."""
    if data_type is DataType.FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if value is None or data_type_of(value) is data_type else None


def _type_names(schema: JsonObject) -> list[JsonValue]:
    """Return the types that a schema allows, of its alternatives, too."""
    found = schema.get("type")
    names: list[JsonValue] = [*found] if isinstance(found, list) else [found]
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(alternatives, list):
        names += [each.get("type") for each in alternatives if isinstance(each, dict)]
    return names


def _declared_type(schema: JsonObject) -> DataType | None:
    known = (_TYPES.get(name) for name in _type_names(schema) if isinstance(name, str))
    return next((each for each in known if each is not None), None)


def _is_nullable(schema: JsonObject) -> bool:
    return "null" in _type_names(schema)
