"""Reads the JSON setting of AppKit's jobs, and defines the configuration of these jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from polysync_core.appkit.named_jobs import WAIT_TIMEOUT, JobOptions, NamedJob
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.polling import POLL_INTERVAL
from polysync_core.appkit.schema import schema_problem
from polysync_core.appkit.user_tokens import Hosting
from polysync_core.domain.definitions.base import ObjectName, Value
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity

type _Milliseconds = Annotated[int, Field(strict=True, ge=1, le=86_400_000)]
type _JobName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


class JobSetting(Value):
    """The settings of one job."""

    task_type: TaskType | None = None
    params: dict[str, JsonValue] | None = None
    wait_timeout: _Milliseconds | None = None
    platform: ObjectName | None = None

    def options(self) -> JobOptions:
        """Return the settings as options."""
        return JobOptions(
            task_type=self.task_type,
            params=self.params,
            wait_timeout=_duration(self.wait_timeout) or WAIT_TIMEOUT,
            platform=self.platform,
        )


class JobsSetting(Value):
    """The whole setting, in AppKit's names and units."""

    timeout: _Milliseconds | None = None
    poll_interval_ms: _Milliseconds | None = None
    jobs: dict[_JobName, JobSetting] = Field(default_factory=dict)

    @classmethod
    def read(cls, value: JsonValue) -> JobsSetting:
        """Return the setting, or raise `Invalid` with every problem."""
        problems: list[Problem] = []
        try:
            found = cls.model_validate(value)
            problems = found.problems()
            if not problems:
                return found
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False, include_input=False):
                problems.append(Problem(".".join(map(str, each["loc"])), each["msg"]))
        raise Invalid(problems)

    def problems(self) -> list[Problem]:
        """Return the problems of the parameter schemas."""
        return [
            Problem(f"jobs.{name}.params", f"is not a JSON Schema of an object: {problem}")
            for name, job in self.jobs.items()
            if job.params is not None and (problem := schema_problem(job.params))
        ]

    def options(self) -> dict[str, JobOptions]:
        """Return the options of each job."""
        return {name: job.options() for name, job in self.jobs.items()}

    @property
    def call_timeout(self) -> timedelta | None:
        """The time-out of every call; None keeps the defaults."""
        return _duration(self.timeout)

    @property
    def poll_interval(self) -> timedelta:
        """The first interval between two polls of a run."""
        return _duration(self.poll_interval_ms) or POLL_INTERVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKitConfiguration:
    """The complete configuration of AppKit's jobs."""

    jobs: Mapping[str, NamedJob] = field(default_factory=dict[str, NamedJob])
    host: str | None = None
    """The address of the workspace of all jobs that name no Platform."""
    token: Secret | None = None
    """The token for that workspace; None: the app's own identity signs in."""
    timeout: timedelta | None = None
    """The time-out of every call, which replaces the defaults."""
    poll_interval: timedelta = POLL_INTERVAL
    hosting: Hosting = field(default_factory=Hosting)
    app_identity: AppIdentity = NO_IDENTITY
    """The app's identity and private hosts, as for every Platform."""
    allow_loopback: bool = False
    """Allow a simulator on this machine as the workspace."""


def _duration(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)
