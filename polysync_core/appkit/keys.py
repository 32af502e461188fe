"""Which jobs there are: those that the environment names, merged with those that are configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from polysync_core.appkit.javascript import leading_number
from polysync_core.appkit.mapping import TaskType
from polysync_core.domain.json_types import JsonObject

PREFIX = "DATABRICKS_JOB_"
DEFAULT_KEY = "default"
_DEFAULT_VARIABLE = f"{PREFIX}ID"

WAIT_TIMEOUT = timedelta(minutes=10)

type Schema = type[BaseModel] | JsonObject
"""What the parameters of a job look like: a pydantic model, or a JSON Schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What may be said of a job beyond its id."""

    task_type: TaskType | None = None
    params: Schema | None = None
    wait_timeout: timedelta = WAIT_TIMEOUT
    """How long a run is waited for; the run itself goes on after that."""
    platform: str | None = None
    """The stored Platform that has the job; None: the workspace of `DATABRICKS_HOST`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKey:
    """A job under a short name."""

    name: str
    job_id: int | None
    """None where the variable of the key holds no number."""
    options: JobOptions = JobOptions()

    @property
    def variable(self) -> str:
        """The variable that holds the job's id."""
        return variable_of(self.name)


def variable_of(key: str) -> str:
    """Return the variable that holds the id of a key."""
    return _DEFAULT_VARIABLE if key == DEFAULT_KEY else f"{PREFIX}{key.upper()}"


def discover(variables: Mapping[str, str], explicit: Mapping[str, JobOptions]) -> dict[str, JobKey]:
    """Return the keys by their names; what is configured explicitly wins.

    `DATABRICKS_JOB_ID` makes the key `default` only where it would be the only one.
    """
    options = {name: JobOptions() for name in _named(variables)} | dict(explicit)
    if not options and variables.get(_DEFAULT_VARIABLE):
        options = {DEFAULT_KEY: JobOptions()}
    return {
        name: JobKey(name=name, job_id=_id_of(name, variables), options=of)
        for name, of in options.items()
    }


def _named(variables: Mapping[str, str]) -> Iterator[str]:
    for variable, value in variables.items():
        name = variable.removeprefix(PREFIX)
        if value and name not in {variable, "", "ID"}:
            yield name.lower()


def _id_of(name: str, variables: Mapping[str, str]) -> int | None:
    # A number that 0 begins is no job's; what is no number at all is none either.
    return leading_number(variables.get(variable_of(name), "")) or None
