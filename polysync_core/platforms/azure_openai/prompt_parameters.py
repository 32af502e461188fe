"""Fills the placeholders in a Job's prompts with the parameter values of a run.

A text may hold `{parameters.NAME}`. A parameter that nothing reads is refused at the start of a
run, because the model would never see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import DataType, Direction, Job
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import SubmitRequest
from polysync_core.platforms.http_service.templates import (
    PARAMETERS,
    fill_json,
    names_in,
    parameter_placeholder,
    problems_of,
    texts_in,
)
from polysync_core.platforms.values import as_json, value_as_text

type Template = tuple[str, JsonValue]
"""The path of a setting, and its text or JSON value with placeholders."""


def template_problems(job: Job, templates: Sequence[Template]) -> Iterator[Problem]:
    """Yield the problems of the templates in the settings of a Job."""
    inputs = [each.name for each in job.parameters if each.direction is not Direction.OUTPUT]
    known = frozenset({PARAMETERS, *map(parameter_placeholder, inputs)})
    for path, value in templates:
        for where, text in texts_in(value, path):
            yield from (Problem(where, each) for each in problems_of(text, known))


@dataclass(frozen=True, slots=True)
class PromptValues:
    """The values of one run, as texts for templates and for fields of their own."""

    request: SubmitRequest

    def own(self, name: str) -> str | None:
        """Return the value of a parameter that has a field of its own; None if it is missing."""
        if name not in self.request.parameters:
            return None
        parameter = self.request.job.parameter(name)
        data_type = DataType.STRING if parameter is None else parameter.data_type
        return value_as_text(self.request.parameters[name], data_type)

    def filled(self, template: JsonValue) -> JsonValue:
        """Return a template with its placeholders filled."""
        values = as_json(self.request.parameters, self.request.job.parameters)
        names = {parameter_placeholder(name): value for name, value in values.items()}
        return fill_json(template, {PARAMETERS: values, **names})

    def text(self, name: str, template: str | None) -> str | None:
        """Return the value of a parameter, else the filled text of the settings."""
        given = self.own(name)
        return given if given is not None or template is None else self.filled_text(template)

    def filled_text(self, template: str) -> str | None:
        """Return a template with its placeholders filled, as a text."""
        filled = self.filled(template)
        return filled if isinstance(filled, str) else value_as_text(filled, DataType.STRING)

    def refuse_unused(self, own: Sequence[str], templates: Sequence[Template]) -> None:
        """Raise `PlatformRefused` for values that neither a field nor a template sends."""
        used = {
            name
            for path, value in templates
            for _, text in texts_in(value, path)
            for name in names_in(text)
        }
        if PARAMETERS in used:
            return
        unused = [
            name
            for name in self.request.parameters
            if name not in own and parameter_placeholder(name) not in used
        ]
        if unused:
            raise PlatformRefused(
                f"nothing reads the parameter {', '.join(unused)}: remove it, or use"
                f" {{{parameter_placeholder(unused[0])}}} in the settings of the job",
                cause=FailureCause.PARAMETERS,
            )


def missing_value(parameter: str, setting: str) -> PlatformRefused:
    """Return the error for a run without a value that the platform needs."""
    return PlatformRefused(
        f"parameters.{parameter}: the run has no value for it: give one, or set"
        f" settings.{setting} of the job",
        cause=FailureCause.PARAMETERS,
    )
