"""Defines and checks the settings and job definition name of AwsBatchJob Jobs."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.attributes import settings_problems

_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
_ARN = r"arn:aws[a-z-]*:batch:[a-z0-9-]+:[0-9]{12}:"
_DEFINITION = re.compile(
    rf"(?:{_ARN}job-definition/)?(?P<name>{_NAME})(?::(?P<revision>[1-9][0-9]{{0,9}}))?"
)

QUEUE_PATTERN = rf"^(?:{_ARN}job-queue/)?{_NAME}$"

type JobQueue = Annotated[str, StringConstraints(pattern=QUEUE_PATTERN)]
"""The name or the ARN of a job queue."""
type _JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
type _TagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
type _TagValue = Annotated[str, StringConstraints(max_length=256)]


class DependencyType(StrEnum):
    """The types of a dependency of an array job."""

    N_TO_N = "N_TO_N"
    """Each child waits for the child with the same index of the other array job."""
    SEQUENTIAL = "SEQUENTIAL"
    """Each child waits for the child before it."""


class JobDependency(Value):
    """A Batch job that must succeed before this job starts."""

    job_id: _JobId | None = None
    """The id of the Batch job; only a sequential array job has none."""
    type: DependencyType | None = None
    """The type of the dependency of an array job."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.job_id is None and self.type is not DependencyType.SEQUENTIAL:
            raise ValueError("needs a jobId, or the type SEQUENTIAL")
        return self


class BatchSettings(SubmitSettings):
    """`settings` of a Job of the type AwsBatchJob."""

    job_queue: JobQueue | None = None
    """The name or the ARN of the job queue; empty for the queue of the platform."""
    share_identifier: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    """The share identifier, which a queue with fair-share scheduling needs."""
    scheduling_priority_override: Annotated[int, Field(ge=0, le=9999)] | None = None
    """The priority within the share identifier."""
    attempt_duration_seconds: Annotated[int, Field(ge=60)] | None = None
    """The seconds after which Batch stops one attempt of the job."""
    retry_attempts: Annotated[int, Field(ge=1, le=10)] | None = None
    """The number of attempts that Batch itself makes, also if the Task has no retry."""
    array_size: Annotated[int, Field(ge=2, le=10_000)] | None = None
    """The number of children of an array job."""
    tags: Annotated[dict[_TagKey, _TagValue], Field(max_length=50)] | None = None
    """The tags of the Batch job."""
    propagate_tags: bool | None = None
    """True if the container task gets the tags too."""
    depends_on: Annotated[list[JobDependency], Field(max_length=20)] | None = None
    """The Batch jobs that must succeed first."""

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the settings of a checked Job."""
        return cls.model_validate(dict(job.settings), by_alias=True, by_name=False)

    def options(self, *, is_only_try: bool) -> JsonObject:
        """Return the options of a SubmitJob call."""
        attempts = self.retry_attempts or (1 if is_only_try else None)
        seconds = self.attempt_duration_seconds
        options: dict[str, JsonValue] = {
            "shareIdentifier": self.share_identifier,
            "schedulingPriorityOverride": self.scheduling_priority_override,
            "timeout": {"attemptDurationSeconds": seconds} if seconds else None,
            "retryStrategy": {"attempts": attempts} if attempts else None,
            "arrayProperties": {"size": self.array_size} if self.array_size else None,
            "tags": dict(self.tags) if self.tags else None,
            "propagateTags": self.propagate_tags,
            "dependsOn": [
                each.model_dump(mode="json", by_alias=True, exclude_none=True)
                for each in self.depends_on or ()
            ]
            or None,
        }
        return {name: value for name, value in options.items() if value is not None}


def check_batch_job(job: Job) -> list[Problem]:
    """Return the problems of a Job of the type AwsBatchJob."""
    problems = settings_problems(BatchSettings, job.settings)
    if _DEFINITION.fullmatch(job.external_id) is None:
        message = (
            "must be the name of a job definition, such as load-sales or load-sales:3, or its ARN"
        )
        return [Problem("externalId", message), *problems]
    return problems


def normal_definition(external_id: str) -> str:
    """Return the name and revision of a job definition, from its ARN too."""
    found = _DEFINITION.fullmatch(external_id)
    if found is None:
        return external_id
    revision = found["revision"]
    return f"{found['name']}:{revision}" if revision else found["name"]


def definition_parts(external_id: str) -> tuple[str, int | None]:
    """Return the name and the revision of a valid external id."""
    name, _, revision = normal_definition(external_id).partition(":")
    return name, int(revision) if revision else None
