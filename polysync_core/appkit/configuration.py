"""What is configured of the Lakeflow jobs, as the settings and as code may say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from polysync_core.appkit.keys import WAIT_TIMEOUT, JobKey, JobOptions
from polysync_core.appkit.mapping import TaskType
from polysync_core.appkit.schema import schema_problem
from polysync_core.appkit.users import Hosting
from polysync_core.appkit.watching import POLL_INTERVAL
from polysync_core.domain.definitions.base import ObjectName, Value
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity

type _Milliseconds = Annotated[int, Field(strict=True, ge=1, le=86_400_000)]
type _KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


class JobSetting(Value):
    """What a setting may say of a job."""

    task_type: TaskType | None = None
    params: dict[str, JsonValue] | None = None
    wait_timeout: _Milliseconds | None = None
    platform: ObjectName | None = None


class JobsSetting(Value):
    """What the setting as a whole says, in the names and units of AppKit."""

    timeout: _Milliseconds | None = None
    poll_interval_ms: _Milliseconds | None = None
    jobs: dict[_KeyName, JobSetting] = Field(default_factory=dict)

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
        """Return what is wrong with the schemas of parameters."""
        return [
            Problem(f"jobs.{name}.params", f"is no JSON Schema of an object: {problem}")
            for name, job in self.jobs.items()
            if job.params is not None and (problem := schema_problem(job.params))
        ]

    def options(self) -> dict[str, JobOptions]:
        """Return what is said of each job."""
        return {
            name: JobOptions(
                task_type=job.task_type,
                params=job.params,
                wait_timeout=_duration(job.wait_timeout) or WAIT_TIMEOUT,
                platform=job.platform,
            )
            for name, job in self.jobs.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lakeflow:
    """Everything that is configured of the Lakeflow jobs."""

    keys: Mapping[str, JobKey] = field(default_factory=dict[str, JobKey])
    host: str | None = None
    """The address of the workspace whose jobs name no Platform."""
    token: Secret | None = None
    """What signs in there; None: the app's own identity."""
    timeout: timedelta | None = None
    """The limit of every call, in place of those of the tiers."""
    poll_interval: timedelta = POLL_INTERVAL
    hosting: Hosting = field(default_factory=Hosting)
    app_identity: AppIdentity = NO_IDENTITY
    """What the deployment says of identities and private hosts, as for every Platform."""
    allow_loopback: bool = False
    """Whether a workspace may be a stand-in on this machine."""


def timing(setting: JobsSetting) -> tuple[timedelta | None, timedelta]:
    """Return the limit of calls and the first pause between looks at a run."""
    return _duration(setting.timeout), _duration(setting.poll_interval_ms) or POLL_INTERVAL


def _duration(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)
