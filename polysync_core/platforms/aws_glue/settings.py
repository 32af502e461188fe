"""Defines and checks the settings of GlueJob Jobs, and builds the options of runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import Job, SubmitSettings, hidden_character
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.aws_glue.attributes import (
    GlueAttributes,
    NumberOfWorkers,
    TimeoutMinutes,
    WorkerType,
)
from polysync_core.platforms.aws_glue.parameters import argument_problems

_MAX_NAME_LENGTH = 255


class ExecutionClass(StrEnum):
    """The execution classes of a Glue job run."""

    STANDARD = "STANDARD"
    FLEX = "FLEX"


class GlueSettings(SubmitSettings):
    """`settings` of a Job of the type GlueJob.

    Without a setting, the default of the platform applies, and then the value of the Glue job.
    """

    worker_type: WorkerType | None = None
    """The type of the workers, such as `G.1X`; then set `numberOfWorkers` too."""
    number_of_workers: NumberOfWorkers | None = None
    """The number of workers."""
    max_capacity: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """The number of data processing units of a job without workers, such as 0.0625."""
    timeout_minutes: TimeoutMinutes | None = None
    """The minutes after which Glue stops the run."""
    execution_class: ExecutionClass | None = None
    """`FLEX` runs on spare capacity, with a later start."""
    security_configuration: (
        Annotated[str, StringConstraints(min_length=1, max_length=255)] | None
    ) = None
    """The name of the security configuration."""
    queue_runs: bool | None = None
    """True if Glue queues the run while a limit of the job or of the account is reached."""

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the settings of a checked Job."""
        return cls.model_validate(dict(job.settings), by_alias=True, by_name=False)


def check_glue_job(job: Job) -> list[Problem]:
    """Return the problems of a Job of the type GlueJob."""
    problem = name_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    problems += settings_problems(GlueSettings, job.settings)
    given = {name for name, value in job.settings.items() if value is not None}
    others = sorted(given & {"workerType", "numberOfWorkers"})
    if "maxCapacity" in given and others:
        message = f"cannot be combined with {' and '.join(others)}: remove one"
        problems.append(Problem("settings.maxCapacity", message))
    return [*problems, *argument_problems(job)]


def name_problem(name: str) -> str | None:
    """Return the problem of the name of a Glue job, or None."""
    if len(name) > _MAX_NAME_LENGTH:
        return f"a Glue job's name has at most {_MAX_NAME_LENGTH} characters"
    hidden = hidden_character(name)
    return f"a Glue job's name must not contain {hidden}" if hidden else None


def run_options(job: Job, defaults: GlueAttributes) -> JsonObject:
    """Return the options of a run: those of the Job, then those of the platform.

    Glue takes the options that are absent from its own job.
    """
    settings = GlueSettings.of(job)
    capacity = settings.max_capacity
    workers = settings.worker_type or (defaults.worker_type if capacity is None else None)
    number = settings.number_of_workers or (defaults.number_of_workers if workers else None)
    options: dict[str, str | int | float | bool | None] = {
        "WorkerType": workers,
        "NumberOfWorkers": number,
        "MaxCapacity": capacity,
        "Timeout": settings.timeout_minutes or defaults.timeout_minutes,
        "ExecutionClass": settings.execution_class,
        "SecurityConfiguration": settings.security_configuration,
        "JobRunQueuingEnabled": settings.queue_runs,
    }
    return {name: value for name, value in options.items() if value is not None}
