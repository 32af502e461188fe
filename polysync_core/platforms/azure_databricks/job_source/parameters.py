"""Collects the parameters of a Databricks job and its tasks into one schema.

A run without values must be the run that Databricks itself starts. So only parameters of the job
have defaults: a value that was sent for a parameter of a task would reach every task.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure_databricks.answers import next_token_of, objects_in
from polysync_core.platforms.azure_databricks.job_source.parameter_fields import (
    FULL_REFRESH,
    SEND_PARAMETERS_AS,
    ParameterField,
)
from polysync_core.platforms.azure_databricks.job_source.tasks import (
    JobTask,
    referenced_parameters,
    tasks_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import INVALID_NAME, data_type_of, is_parameter_name

_MOST_LISTED = 5
"""The most tasks or names that one note lists."""
_REFERENCE = "{{"
"""The prefix of a value that Databricks replaces, such as `{{job.start_time}}`."""


@dataclass(slots=True)
class JobParameters:
    """Collects the parameters over the pages of a job."""

    own: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    tasks: list[JobTask] = field(default_factory=list[JobTask])
    doubts: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    referenced: set[str] = field(default_factory=set[str])

    def read(self, answer: JsonObject) -> str | None:
        """Add the parameters of one page; return the token of the next page."""
        settings = answer.get("settings")
        if not isinstance(settings, dict):
            raise UnexpectedAnswer
        for declared in (*objects_in(settings, "parameters"), *_of_older_apis(settings)):
            self._add(declared.get("name"), declared.get("default"))
        self.tasks += tasks_of(settings)
        self.referenced |= referenced_parameters(settings)
        return next_token_of(answer)

    def schema(self) -> ArtefactSchema:
        """Return the schema with all found parameters."""
        parameters = self._of_tasks()
        undeclared = sorted(self.referenced - self.own.keys())
        self.doubts += (
            f"a task refers to the job parameter {each}, which the job does not declare"
            for each in undeclared[:_MOST_LISTED]
        )
        kinds = self._about_kinds()
        # Beside its own parameters, a job takes none of a task's.
        (self.notes if self.own else self.doubts).extend(kinds)
        return ArtefactSchema(
            parameters=(*parameters, *self.own.values()),
            notes=tuple(dict.fromkeys((*self.doubts, *self.notes))),
            complete=not self.doubts,
            settings=self._settings(),
        )

    def _add(self, name: JsonValue, default: JsonValue) -> None:
        if not self._is_name(name):
            return
        if isinstance(default, str) and _REFERENCE in default:
            self.notes.append(
                f"{name} has a default that Databricks computes: the Job has no default for it"
            )
            default = None
        self.own.setdefault(
            name, Parameter(name=name, data_type=data_type_of(default), default=default)
        )

    def _is_name(self, name: JsonValue) -> TypeGuard[str]:
        is_valid = is_parameter_name(name)
        if not is_valid:
            self.doubts.append(INVALID_NAME)
        return is_valid

    def _of_tasks(self) -> list[Parameter]:
        """Return the parameters that only tasks have; they have no default."""
        values: dict[str, dict[str, JsonValue]] = {}
        has_pipeline = False
        for task in self.tasks:
            has_pipeline |= task.request_field is ParameterField.PIPELINE_PARAMS
            for name, value in task.named.items() if task.request_field else ():
                if name not in self.own and self._is_name(name):
                    values.setdefault(name, {})[task.key] = value
        parameters = [self._of_task(name, by_task) for name, by_task in values.items()]
        if has_pipeline and not self.own:
            parameters.append(Parameter(name=FULL_REFRESH, data_type=DataType.BOOL))
        return parameters

    def _of_task(self, name: str, values: Mapping[str, JsonValue]) -> Parameter:
        self.doubts.append(
            f"{name} is a parameter of a task only: without a value of a run each task keeps its"
            " own; to set it for every run, declare it as a parameter of the job"
        )
        shown = {key: _text(value) for key, value in values.items()}
        if len({*shown.values()}) > 1:
            self.doubts.append(
                f"{name} has different values in the tasks {_listed(shown)}: a value of a run"
                " replaces all of them"
            )
        types = {data_type_of(value) for value in values.values()}
        description = "Set by " + "; ".join(
            f"task {key}: {text}" for key, text in [*shown.items()][:_MOST_LISTED]
        )
        return Parameter(
            name=name,
            data_type=types.pop() if len(types) == 1 else DataType.STRING,
            description=shortened_line(description),
        )

    def _settings(self) -> dict[str, JsonValue]:
        """Return the setting that sends the parameters to all tasks."""
        fields = {
            task.request_field
            for task in self.tasks
            if task.request_field
            and (task.named or task.request_field is ParameterField.PIPELINE_PARAMS)
        }
        if self.own or len(fields) != 1:
            return {}
        return {SEND_PARAMETERS_AS: fields.pop().value}

    def _about_kinds(self) -> Iterator[str]:
        """Yield a note for each kind of task whose parameters the job does not declare."""
        by_kind: dict[tuple[str, ParameterField | None, bool], list[JobTask]] = {}
        for task in self.tasks:
            if task.request_field or task.named:
                by_kind.setdefault((task.kind, task.request_field, task.is_list), []).append(task)
        for (kind, parameter_field, is_list), tasks in by_kind.items():
            where = f"{kind} {_listed(task.key for task in tasks)}".strip()
            if parameter_field is None:
                names = _listed(name for task in tasks for name in task.named)
                yield f"{where} has parameters that a run cannot set: {names}"
            else:
                what = "a list of arguments" if is_list else "parameters"
                yield (
                    f"{where} takes {what} that the job does not declare: to set them by a run, add"
                    f" them to the Job by hand, with the setting {SEND_PARAMETERS_AS}:"
                    f" {parameter_field}"
                )


def _listed(names: Iterable[str]) -> str:
    distinct = [*dict.fromkeys(names)]
    more = f" and {len(distinct) - _MOST_LISTED} more" if len(distinct) > _MOST_LISTED else ""
    return ", ".join(distinct[:_MOST_LISTED]) + more


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _of_older_apis(settings: JsonObject) -> list[JsonObject]:
    found = objects_in(settings, "job_parameters")
    return [{**each, "default": each.get("default_value")} for each in found]
