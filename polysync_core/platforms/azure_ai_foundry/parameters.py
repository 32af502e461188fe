"""The inputs of a template: which can be set, and how they are set.

Azure Machine Learning takes a literal as text, whatever the type that the component declares; all
other inputs are data, and stay as the template has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.validation_messages import nearest
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure.answers import object_in
from polysync_core.platforms.azure_ai_foundry.states import ARTEFACTS
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.text import for_people
from polysync_core.platforms.values import as_json, as_texts, data_type_of

LONGEST_NAME = 255

# The REST API's own rule for the value of a literal.
_LITERAL = re.compile(r"[A-Za-z0-9_]")


def with_literals(template: JsonObject, values: Mapping[str, str]) -> JsonObject:
    """Return the template's inputs with literals in place of those of the same names."""
    inputs = object_in(template, "inputs")
    literals: JsonObject = {}
    for name, value in values.items():
        if name not in inputs:
            raise no_such_input(name, inputs)
        if not _is_literal(inputs[name]):
            raise misfit(name, "is data in the template, which a run takes over: remove it")
        if _LITERAL.search(value) is None:
            raise misfit(name, "must hold a letter, a digit or '_': the service takes no other")
        given = object_in(inputs, name)
        literals[name] = {**given, "jobInputType": "literal", "value": value}
    return {**inputs, **literals}


def texts_of(request: SubmitRequest) -> dict[str, str]:
    """Return an order's values as texts, if each is of its parameter's type."""
    values = as_json(request.parameters, request.job.parameters)
    return as_texts(values, request.job.parameters)


def no_such_input(name: str, inputs: Mapping[str, object]) -> PlatformRefused:
    """Return the error for a parameter that the template does not have."""
    names = ", ".join(sorted(inputs)) or "none"
    message = f"is no input of the template, which has: {names}; sync the job's parameters"
    return misfit(name, message + nearest(name, inputs))


def misfit(name: str, message: str) -> PlatformRefused:
    """Return the error for a parameter that cannot be sent."""
    return PlatformRefused(f"parameters.{name}: {message}", cause=FailureCause.PARAMETERS)


@dataclass(slots=True)
class DeclaredParameters:
    """Collects what a template declares."""

    parameters: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    notes: list[str] = field(default_factory=list[str])

    def add(self, name: str, **facts: object) -> None:
        """Take over a parameter."""
        if not 0 < len(name) <= LONGEST_NAME:
            self.notes.append("an input's name is none that can be used: it is left out")
            return
        self.parameters[name] = Parameter.model_validate({"name": name, **facts})

    def add_literals(self, template: JsonObject) -> None:
        """Take over the inputs that can be set, with their values as defaults."""
        for name, entry in object_in(template, "inputs").items():
            if not _is_literal(entry):
                self.notes.append(f"{name} is data: every run takes that of the template")
                continue
            given = entry if isinstance(entry, dict) else {}
            value = given.get("value")
            self.add(
                name,
                data_type=type_of([value]),
                default=value,
                description=for_people(given.get("description")),
            )

    def add_outputs(self, template: JsonObject) -> None:
        """Take over the outputs, but for the folder of logs that every job has."""
        for name, entry in object_in(template, "outputs").items():
            known = self.parameters.get(name)
            if known is not None:
                both = {"direction": Direction.INPUT_OUTPUT}
                self.parameters[name] = known.model_copy(update=both)
            elif name != ARTEFACTS:
                given = entry if isinstance(entry, dict) else {}
                description = for_people(given.get("description"))
                self.add(name, direction=Direction.OUTPUT, description=description)

    def schema(self) -> ArtefactSchema:
        """Return what was found."""
        return ArtefactSchema(parameters=tuple(self.parameters.values()), notes=tuple(self.notes))


def type_of(values: list[JsonValue]) -> DataType:
    """Return the data type that all of some values have; text where they differ."""
    types = {data_type_of(value) for value in values}
    if types == {DataType.INT, DataType.FLOAT}:
        return DataType.FLOAT
    return types.pop() if len(types) == 1 else DataType.STRING


def _is_literal(entry: JsonValue) -> bool:
    """Tell whether an input can be set: one that the template leaves open is a literal, too."""
    if entry is None:
        return True
    return isinstance(entry, dict) and str(entry.get("jobInputType")).lower() == "literal"
