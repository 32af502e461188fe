"""Reads the trigger, kind and parameters of a workflow from its definition."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure.answers import object_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema

_FILE = "workflow.json"
_CALLABLE = frozenset({"request", "manual", "http"})
_SCHEMA_TYPES = {
    "string": DataType.STRING,
    "integer": DataType.INT,
    "number": DataType.FLOAT,
    "boolean": DataType.BOOL,
    "object": DataType.JSON,
    "array": DataType.JSON_ARRAY,
}
_OUTPUT_TYPES = {
    "string": DataType.STRING,
    "securestring": DataType.SECRET,
    "int": DataType.INT,
    "float": DataType.FLOAT,
    "bool": DataType.BOOL,
    "object": DataType.JSON,
    "secureobject": DataType.SECRET,
    "array": DataType.JSON_ARRAY,
}
_MAX_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The definition of a workflow."""

    trigger: str | None
    """The name of the request trigger; None for another trigger."""
    is_stateless: bool
    """True if the engine stores no runs of the workflow."""
    definition: JsonObject

    def schema(self) -> ArtefactSchema:
        """Return the parameters: the trigger's schema and the declared outputs."""
        body = object_in(object_in(self._trigger(), "inputs"), "schema")
        required = body.get("required")
        needed = required if isinstance(required, list) else []
        found: dict[str, Parameter] = {}
        notes: list[str] = []
        for name, declared in object_in(body, "properties").items():
            parameter = _input(name, declared, required=name in needed)
            if parameter is None:
                notes.append(
                    "a property of the trigger's schema has an invalid name: it is left out"
                )
            else:
                found[name] = parameter
        for name, declared in object_in(self.definition, "outputs").items():
            if not self.is_stateless and 0 < len(name) <= _MAX_NAME_LENGTH:
                found[name] = _output(name, declared, found.get(name))
        if not body:
            notes.append("the trigger has no schema: add the workflow's inputs to the job")
        return ArtefactSchema(
            parameters=tuple(found.values()), typed=bool(body), notes=tuple(notes)
        )

    def _trigger(self) -> JsonObject:
        return object_in(object_in(self.definition, "triggers"), self.trigger or "")


def read_workflow(answer: JsonObject) -> Workflow | None:
    """Return the workflow in an answer of either plan; None without a definition."""
    properties = object_in(answer, "properties")
    file = object_in(object_in(properties, "files"), _FILE)
    definition = object_in(file, "definition") or object_in(properties, "definition")
    if not definition:
        return None
    kind = file.get("kind") or properties.get("kind") or answer.get("kind")
    return Workflow(
        trigger=_trigger_of(definition),
        is_stateless=isinstance(kind, str) and kind.lower() == "stateless",
        definition=definition,
    )


def workflow_of(answer: JsonObject) -> Workflow:
    """Return the workflow in an answer; raise `UnexpectedAnswer` without a definition."""
    workflow = read_workflow(answer)
    if workflow is None:
        raise UnexpectedAnswer
    return workflow


def _trigger_of(definition: JsonObject) -> str | None:
    """Return the request trigger; of several, the first one by name."""
    names = [
        name
        for name, trigger in object_in(definition, "triggers").items()
        if isinstance(trigger, dict) and str(trigger.get("type")).lower() in _CALLABLE
    ]
    return min(names, default=None)


def _input(name: str, declared: JsonValue, *, required: bool) -> Parameter | None:
    if not 0 < len(name) <= _MAX_NAME_LENGTH:
        return None
    schema = declared if isinstance(declared, dict) else {}
    return Parameter(
        name=name,
        data_type=_SCHEMA_TYPES.get(str(schema.get("type")).lower(), DataType.STRING),
        default=schema.get("default"),
        description=_text(schema.get("description")),
        required=required and schema.get("default") is None,
    )


def _output(name: str, declared: JsonValue, known: Parameter | None) -> Parameter:
    if known is not None:
        return known.model_copy(update={"direction": Direction.INPUT_OUTPUT})
    kind = declared.get("type") if isinstance(declared, dict) else None
    data_type = _OUTPUT_TYPES.get(str(kind).lower(), DataType.STRING)
    return Parameter(name=name, data_type=data_type, direction=Direction.OUTPUT)


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None
