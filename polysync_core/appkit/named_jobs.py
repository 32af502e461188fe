"""Finds the Databricks jobs that environment variables or the configuration name."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel

from polysync_core.appkit.javascript import leading_number
from polysync_core.appkit.parameters import TaskType
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject

PREFIX = "DATABRICKS_JOB_"
DEFAULT_NAME = "default"
_DEFAULT_VARIABLE = f"{PREFIX}ID"

MAX_ID = 2**63 - 1
"""Databricks' ids are 64-bit numbers."""

WAIT_TIMEOUT = timedelta(minutes=10)

type Schema = type[BaseModel] | JsonObject
"""The schema of a job's parameters: a pydantic model or a JSON Schema."""


class UnknownFields(StrEnum):
    """The treatment of fields that a closed object of a JSON Schema does not name."""

    REFUSE = "refuse"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """The options of a job besides its id."""

    task_type: TaskType | None = None
    params: Schema | None = None
    unknown_fields: UnknownFields = UnknownFields.REFUSE
    """The treatment of fields that `additionalProperties: false` forbids."""
    wait_timeout: timedelta = WAIT_TIMEOUT
    """The longest wait for a run; the run itself continues after that."""
    platform: str | None = None
    """The stored Platform that has the job; None: the workspace of `DATABRICKS_HOST`."""

    def json_schema(self) -> JsonObject | None:
        """Return the schema of the parameters as a JSON Schema; None without a schema."""
        if self.params is None or isinstance(self.params, dict):
            return self.params
        return self.params.model_json_schema(by_alias=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedJob:
    """A Databricks job and its short name."""

    name: str
    job_id: int | None
    """None if the variable of the job holds no id."""
    options: JobOptions = JobOptions()

    @property
    def variable(self) -> str:
        """The environment variable that holds the job's id."""
        return variable_of(self.name)


def variable_of(name: str) -> str:
    """Return the environment variable that holds the id of a job."""
    return _DEFAULT_VARIABLE if name == DEFAULT_NAME else f"{PREFIX}{name.upper()}"


def discover(
    variables: Mapping[str, str], configured: Mapping[str, JobOptions]
) -> dict[str, NamedJob]:
    """Return the jobs by their names; configured options win.

    `DATABRICKS_JOB_ID` names the job `default` only if it would be the only job.
    """
    options = {name: JobOptions() for name in _names_in(variables)} | dict(configured)
    if not options and variables.get(_DEFAULT_VARIABLE):
        options = {DEFAULT_NAME: JobOptions()}
    return {
        name: NamedJob(name=name, job_id=_job_id(name, variables), options=job_options)
        for name, job_options in options.items()
    }


def _names_in(variables: Mapping[str, str]) -> Iterator[str]:
    for variable, value in variables.items():
        name = variable.removeprefix(PREFIX)
        if value and name not in {variable, "", "ID"}:
            yield name.lower()


def _job_id(name: str, variables: Mapping[str, str]) -> int | None:
    number = leading_number(variables.get(variable_of(name), "")) or 0
    return number if 1 <= number <= MAX_ID else None


def id_problems(
    jobs: Mapping[str, NamedJob], configured: Container[str], variables: Mapping[str, str]
) -> list[Problem]:
    """Return the problems of variables that hold no id.

    A configured job needs an id. A number that cannot be an id was meant as one.
    """
    text = f"must hold the number of the job '{{}}', from 1 to {MAX_ID}"
    return [
        Problem(job.variable, text.format(name))
        for name, job in jobs.items()
        if job.job_id is None
        and (name in configured or leading_number(variables.get(job.variable, "")))
    ]
