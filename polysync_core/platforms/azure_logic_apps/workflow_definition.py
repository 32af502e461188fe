"""Reads the trigger, kind and parameters in a Logic Apps workflow definition."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.azure_logic_apps.trigger_parameters import read_inputs
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import is_parameter_name

_FILE = "workflow.json"
_CALLABLE = frozenset({"request", "manual", "http"})
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
        inputs = read_inputs(body, self.definition)
        found = inputs.parameters
        for name, declared in object_in(self.definition, "outputs").items():
            if not self.is_stateless and is_parameter_name(name):
                found[name] = _output(name, declared, found.get(name))
        return ArtefactSchema(
            parameters=tuple(found.values()),
            typed=bool(body),
            guessed=frozenset(inputs.guessed),
            notes=(*inputs.doubts, *inputs.notes),
            complete=not inputs.doubts,
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


def _output(name: str, declared: JsonValue, known: Parameter | None) -> Parameter:
    if known is not None:
        return known.model_copy(update={"direction": Direction.INPUT_OUTPUT})
    kind = declared.get("type") if isinstance(declared, dict) else None
    data_type = _OUTPUT_TYPES.get(str(kind).lower(), DataType.STRING)
    return Parameter(name=name, data_type=data_type, direction=Direction.OUTPUT)
