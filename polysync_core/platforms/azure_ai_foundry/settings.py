"""Checks a Job's settings and applies them to the Azure Machine Learning job."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.validation.messages import suggestion
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure.answers import object_in
from polysync_core.platforms.azure_ai_foundry.attributes import FoundryAttributes

MAX_COMMAND_LENGTH = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSetting:
    """One setting: the property that it overrides, and its allowed values."""

    path: tuple[str, ...]
    """The path of the overridden property."""
    pattern: re.Pattern[str]
    rule: str
    """The error text for a value that does not match the pattern."""
    encode: Callable[[FoundryAttributes, str], str] = lambda _, value: value
    """Returns the value in the form of the service."""

    def within(self, *outer: str) -> TemplateSetting:
        """Return the same setting for a property inside another property."""
        return TemplateSetting(
            path=(*outer, *self.path), pattern=self.pattern, rule=self.rule, encode=self.encode
        )


COMPUTE = TemplateSetting(
    path=("computeId",),
    pattern=re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}"),
    rule="must be a compute target of the workspace, such as cpu-cluster",
    encode=FoundryAttributes.compute_id,
)
ENVIRONMENT = TemplateSetting(
    path=("environmentId",),
    pattern=re.compile(
        r"azureml:[A-Za-z0-9][\w.-]{0,254}:[\w.-]{1,64}"
        r"|azureml://registries/[\w.-]{1,64}/environments/[\w.-]{1,255}/versions/[\w.-]{1,64}"
    ),
    rule="must be an environment in the form azureml:<name>:<version>",
    encode=FoundryAttributes.environment_id,
)
COMMAND = TemplateSetting(
    path=("command",),
    pattern=re.compile(rf"(?=.*\S).{{1,{MAX_COMMAND_LENGTH}}}", re.DOTALL),
    rule="must be a command, such as python train.py --rate ${{inputs.rate}}",
)
OBJECTIVE_METRIC = TemplateSetting(
    path=("objective", "primaryMetric"),
    pattern=re.compile(r"[^\x00-\x1f]{0,254}[A-Za-z0-9_][^\x00-\x1f]{0,254}"),
    rule="must be the name of a metric that the trials log, such as val_loss",
)
OBJECTIVE_GOAL = TemplateSetting(
    path=("objective", "goal"),
    pattern=re.compile(r"minimize|maximize", re.IGNORECASE),
    rule="must be minimize or maximize",
    encode=lambda _, value: value.capitalize(),
)


def check_settings(job: Job, known: Mapping[str, TemplateSetting]) -> list[Problem]:
    """Return the problems of a Job's settings."""
    problems: list[Problem] = []
    for name, value in job.settings.items():
        setting = known.get(name)
        if setting is None:
            listed = f"a {job.job_type} has only: {', '.join(known)}"
            problems.append(Problem(f"settings.{name}", listed, suggestion(name, known)))
        elif not isinstance(value, str) or setting.pattern.fullmatch(value) is None:
            problems.append(Problem(f"settings.{name}", setting.rule))
    return problems


def with_settings(
    properties: JsonObject,
    job: Job,
    known: Mapping[str, TemplateSetting],
    attributes: FoundryAttributes,
) -> JsonObject:
    """Return the properties of a job after its settings are applied."""
    for name, setting in known.items():
        value = job.settings.get(name)
        if isinstance(value, str):
            properties = _replaced(properties, setting.path, setting.encode(attributes, value))
    return properties


def _replaced(source: JsonObject, path: tuple[str, ...], value: JsonValue) -> JsonObject:
    name, *deeper = path
    if deeper:
        value = _replaced(object_in(source, name), tuple(deeper), value)
    return {**source, name: value}
