"""Reads the parameters of a template job, and sets parameter values in a copy.

A run can set literal inputs, which Azure Machine Learning accepts as text for every declared type.
All other inputs are data. Their values are URIs; without a value, a run uses the data of the
template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_ai_foundry.states import ARTEFACTS
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import (
    INVALID_NAME,
    as_json,
    as_texts,
    data_type_of,
    is_parameter_name,
)

# The rule of the REST API for the value of a literal.
_LITERAL = re.compile(r"[A-Za-z0-9_]")
_SPELLED = frozenset({DataType.INT, DataType.FLOAT, DataType.BOOL})
_URI = re.compile(r"(?:azureml:(?!/*$)|(?:https|wasbs|abfss|adl)://)[^\s\x00-\x1f]{1,2000}")


def inputs_with(template: JsonObject, values: Mapping[str, str]) -> JsonObject:
    """Return the template's inputs with the given literals and URIs of data."""
    inputs = object_in(template, "inputs")
    changed: JsonObject = {}
    for name, value in values.items():
        if name not in inputs:
            raise no_such_input(name, inputs)
        given = object_in(inputs, name)
        if not _is_literal(inputs[name]):
            changed[name] = {**given, "uri": _checked_uri(name, value)}
            continue
        if _LITERAL.search(value) is None:
            raise parameter_error(
                name, "must contain a letter, a digit or '_', as the service requires"
            )
        changed[name] = {**given, "jobInputType": "literal", "value": value}
    return {**inputs, **changed}


def _checked_uri(name: str, value: str) -> str:
    """Return the URI of data; raise `PlatformRefused` for another text."""
    if _URI.fullmatch(value) is None:
        raise parameter_error(
            name,
            "is a data input and needs a URI, such as azureml://datastores/x/paths/y,"
            " azureml:<name>:<version>, https://… or abfss://…",
        )
    return value


def texts_of(request: SubmitRequest, template: JsonObject) -> dict[str, str]:
    """Return a request's values as texts, after a check of their types.

    A number or boolean that equals the value of the template keeps the template's spelling, such
    as `1e-3`. Another boolean is written as the official client writes it: `True` or `False`.
    """
    values = as_json(request.parameters, request.job.parameters)
    types = {each.name: each.data_type for each in request.job.parameters}
    inputs = object_in(template, "inputs")
    texts = as_texts(values, request.job.parameters)
    for name, text in texts.items():
        former = object_in(inputs, name).get("value")
        if isinstance(former, str) and _equals(former, values[name], types.get(name)):
            texts[name] = former
        elif isinstance(values[name], bool):
            texts[name] = text.capitalize()
    return texts


def _equals(text: str, value: JsonValue, data_type: DataType | None) -> bool:
    """Return whether the text of a number or boolean has a value."""
    if data_type is None or data_type not in _SPELLED:
        return False
    try:
        return convert_literal(text, data_type, path="") == value
    except Invalid:
        return False


def no_such_input(name: str, inputs: Mapping[str, object]) -> PlatformRefused:
    """Return the error for a parameter that is not in the template."""
    names = ", ".join(sorted(inputs)) or "none"
    message = f"is not an input of the template, which has: {names}; sync the job's parameters"
    return parameter_error(name, message + nearest(name, inputs))


def parameter_error(name: str, message: str) -> PlatformRefused:
    """Return the error for a parameter that cannot be sent."""
    return PlatformRefused(f"parameters.{name}: {message}", cause=FailureCause.PARAMETERS)


@dataclass(slots=True)
class DeclaredParameters:
    """Collects the parameters that a template declares."""

    parameters: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    doubts: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def add(self, name: str, **facts: object) -> None:
        """Add a parameter."""
        if not is_parameter_name(name):
            self.doubts.append(INVALID_NAME)
            return
        self.parameters[name] = Parameter.model_validate({"name": name, **facts})

    def add_inputs(self, template: JsonObject) -> None:
        """Add the inputs, literals with their values as defaults.

        The address of data may hold a signature, so it does not become a default.
        """
        for name, entry in object_in(template, "inputs").items():
            given = entry if isinstance(entry, dict) else {}
            if not _is_literal(entry):
                self.notes.append(
                    f"{name} is a data input: its value is a URI; without a value, a run uses the"
                    " data of the template"
                )
                self.add(name, description=shortened_line(given.get("description")))
                continue
            value = given.get("value")
            self.add(
                name,
                data_type=type_of([value]),
                default=value,
                description=shortened_line(given.get("description")),
            )

    def add_outputs(self, template: JsonObject) -> None:
        """Add the outputs, except the folder of logs that every job has."""
        for name, entry in object_in(template, "outputs").items():
            known = self.parameters.get(name)
            if known is not None:
                both = {"direction": Direction.INPUT_OUTPUT}
                self.parameters[name] = known.model_copy(update=both)
            elif name != ARTEFACTS:
                given = entry if isinstance(entry, dict) else {}
                description = shortened_line(given.get("description"))
                self.add(name, direction=Direction.OUTPUT, description=description)

    def schema(self) -> ArtefactSchema:
        """Return the schema with all added parameters."""
        return ArtefactSchema(
            parameters=tuple(self.parameters.values()),
            notes=(*self.doubts, *self.notes),
            complete=not self.doubts,
        )


def type_of(values: list[JsonValue]) -> DataType:
    """Return the common data type of values; text if they differ."""
    types = {data_type_of(value) for value in values}
    if types == {DataType.INT, DataType.FLOAT}:
        return DataType.FLOAT
    return types.pop() if len(types) == 1 else DataType.STRING


def _is_literal(entry: JsonValue) -> bool:
    """Return whether a run can set an input; an input without a value is a literal."""
    if entry is None:
        return True
    return isinstance(entry, dict) and str(entry.get("jobInputType")).lower() == "literal"
