"""Reads the types of pipeline inputs from the components that use the inputs.

The service keeps every literal of a job as text. Only the component of the step that reads an input
declares the input's type. https://learn.microsoft.com/rest/api/azureml/component-versions/get
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.connector import ArtefactSchema

MAX_COMPONENTS = 20
"""The maximum number of components that are read for one pipeline."""
_BOUND = re.compile(r"\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}")
_COMPONENT = re.compile(
    r"(?:^azureml:|/workspaces/[^/]+/components/)([\w.-]+)(?::|/versions/)([\w.-]+)$"
)
_TYPES = {
    "integer": DataType.INT,
    "number": DataType.FLOAT,
    "boolean": DataType.BOOL,
    "string": DataType.STRING,
}

type ReadComponent = Callable[[str, str], JsonObject | str]
"""Returns the properties of a component's version, or the reason why it cannot be read."""


def with_component_types(
    schema: ArtefactSchema, template: JsonObject, component: ReadComponent
) -> ArtefactSchema:
    """Return the schema of a pipeline with the types of its readable components."""
    bound = [*_bound_inputs(template)]
    names = {parameter.name for parameter in schema.parameters if parameter.default is not None}
    wanted = dict.fromkeys(found for name, found, _ in bound if name in names)
    declared: dict[tuple[str, str], JsonObject] = {}
    notes = [*schema.notes]
    for found in [*wanted][:MAX_COMPONENTS]:
        properties = component(*found)
        if isinstance(properties, str):
            notes.append(
                f"the types of the inputs of component {found[0]} are unknown, because it cannot be"
                f" read: {properties}"
            )
        else:
            declared[found] = object_in(object_in(properties, "componentSpec"), "inputs")
    types: dict[str, set[DataType | None]] = {}
    for name, found, own in bound:
        kind = object_in(declared.get(found, {}), own).get("type")
        types.setdefault(name, set()).add(_TYPES.get(str(kind).lower()))
    parameters = tuple(
        parameter.model_copy(update={"data_type": known})
        if parameter.name in names
        and (known := _common(types.get(parameter.name, set()))) is not None
        else parameter
        for parameter in schema.parameters
    )
    complete = schema.is_complete
    return replace(schema, parameters=parameters, notes=tuple(notes), complete=complete)


def _bound_inputs(template: JsonObject) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Yield the inputs that steps read: name, component with version, and input of the step."""
    jobs = object_in(template, "jobs")
    for step in jobs:
        node = object_in(jobs, step)
        component = _COMPONENT.search(str(node.get("componentId")))
        inputs = object_in(node, "inputs")
        for own in inputs if component is not None else ():
            text = str(object_in(inputs, own).get("value"))
            found = _BOUND.fullmatch(text)
            if found is not None and component is not None:
                yield found[1], (component[1], component[2]), own


def _common(types: set[DataType | None]) -> DataType | None:
    """Return the type that all steps declare; None if one of them differs."""
    return next(iter(types)) if len(types) == 1 else None
