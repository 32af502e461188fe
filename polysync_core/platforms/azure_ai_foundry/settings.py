"""Checks the settings of a Job, and applies these settings to the copied job."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, create_model

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
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
    help: str
    """Explains the setting in a form."""
    examples: tuple[str, ...] = ()
    further_path: tuple[str, ...] = ()
    """The path of another property with the same meaning, which is overridden if it exists."""
    encode: Callable[[FoundryAttributes, str], str] = lambda _, value: value
    """Returns the value in the form of the service."""

    def check(self, value: str) -> str:
        """Return a valid value, or raise `ValueError`."""
        if self.pattern.fullmatch(value) is None:
            raise ValueError(self.rule)
        return value

    def within(self, *outer: str) -> TemplateSetting:
        """Return the same setting for a property inside another property."""
        return replace(self, path=(*outer, *self.path))


COMPUTE = TemplateSetting(
    path=("computeId",),
    pattern=re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}"),
    rule="must be a compute target of the workspace, such as cpu-cluster",
    help="The compute target of the workspace; empty for that of the template.",
    encode=FoundryAttributes.compute_id,
)
PIPELINE_COMPUTE = replace(
    COMPUTE,
    further_path=("settings", "default_compute"),
    help="The compute target of the steps without an own one; empty for that of the template.",
)
ENVIRONMENT = TemplateSetting(
    path=("environmentId",),
    pattern=re.compile(
        r"azureml:[A-Za-z0-9][\w.-]{0,254}:[\w.-]{1,64}"
        r"|azureml://registries/[\w.-]{1,64}/environments/[\w.-]{1,255}/versions/[\w.-]{1,64}"
    ),
    rule="must be an environment in the form azureml:<name>:<version>",
    help="The environment, as azureml:<name>:<version>; empty for that of the template.",
    encode=FoundryAttributes.environment_id,
)
COMMAND = TemplateSetting(
    path=("command",),
    pattern=re.compile(rf"(?=.*\S).{{1,{MAX_COMMAND_LENGTH}}}", re.DOTALL),
    rule="must be a command, such as python train.py --rate ${{inputs.rate}}",
    help="The command line; empty for that of the template.",
)
OBJECTIVE_METRIC = TemplateSetting(
    path=("objective", "primaryMetric"),
    pattern=re.compile(r"[^\x00-\x1f]{0,254}[A-Za-z0-9_][^\x00-\x1f]{0,254}"),
    rule="must be the name of a metric that the trials log, such as val_loss",
    help="The metric by which the trials are compared; empty for that of the template.",
)
OBJECTIVE_GOAL = TemplateSetting(
    path=("objective", "goal"),
    pattern=re.compile(r"minimize|maximize", re.IGNORECASE),
    rule="must be minimize or maximize",
    help="The goal for the metric; empty for that of the template.",
    examples=("minimize", "maximize"),
    encode=lambda _, value: value.capitalize(),
)


def settings_model(name: str, known: Mapping[str, TemplateSetting]) -> type[BaseModel]:
    """Return the model of a job type's settings."""
    fields: dict[str, Any] = {
        key: (
            Annotated[str, AfterValidator(setting.check)],
            Field(
                default="",
                description=setting.help,
                json_schema_extra={"examples": [*setting.examples]},
            ),
        )
        for key, setting in known.items()
    }
    return create_model(name, __base__=SubmitSettings, **fields)


def with_settings(
    properties: JsonObject,
    job: Job,
    known: Mapping[str, TemplateSetting],
    attributes: FoundryAttributes,
) -> JsonObject:
    """Return the properties of a job after its settings are applied."""
    for name, setting in known.items():
        value = job.settings.get(name)
        if not isinstance(value, str):
            continue
        encoded = setting.encode(attributes, value)
        properties = _replaced(properties, setting.path, encoded)
        if _holds(properties, setting.further_path):
            properties = _replaced(properties, setting.further_path, encoded)
    return properties


def _holds(source: JsonObject, path: tuple[str, ...]) -> bool:
    for name in path[:-1]:
        source = object_in(source, name)
    return bool(path) and source.get(path[-1]) is not None


def _replaced(source: JsonObject, path: tuple[str, ...], value: JsonValue) -> JsonObject:
    name, *deeper = path
    if deeper:
        value = _replaced(object_in(source, name), tuple(deeper), value)
    return {**source, name: value}
