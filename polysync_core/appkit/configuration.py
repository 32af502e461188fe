"""Reads and validates the configuration of the Databricks jobs that clients may run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from polysync_core.appkit.json_schema.check import schema_problems
from polysync_core.appkit.named_jobs import (
    WAIT_TIMEOUT,
    JobOptions,
    NamedJob,
    Schema,
    UnknownFields,
)
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.polling import POLL_INTERVAL
from polysync_core.appkit.user_tokens import Hosting
from polysync_core.domain.definitions.base import ObjectName, Value
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity

MAX_NAME = 100
MAX_EVENT_SIZE = 1024 * 1024
"""The largest data of an event by default, in bytes."""


_PRINCIPAL = ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET")


def _job_name(name: str) -> str:
    """Return a name that a path can hold, or raise `ValueError`."""
    if name in {"", ".", ".."} or len(name) > MAX_NAME or "/" in name or not name.isprintable():
        raise ValueError(
            f"must be printable text of at most {MAX_NAME} characters without a slash, because it"
            " is a part of a path"
        )
    return name


type _Milliseconds = Annotated[int, Field(strict=True, ge=1, le=86_400_000)]
type _JobName = Annotated[str, AfterValidator(_job_name)]


class JobSetting(Value):
    """The settings of one job."""

    task_type: TaskType | None = None
    params: dict[str, JsonValue] | None = None
    unknown_fields: UnknownFields = UnknownFields.REFUSE
    wait_timeout: _Milliseconds | None = None
    platform: ObjectName | None = None

    def options(self) -> JobOptions:
        """Return the settings as options."""
        return JobOptions(
            task_type=self.task_type,
            params=self.params,
            unknown_fields=self.unknown_fields,
            wait_timeout=_duration(self.wait_timeout) or WAIT_TIMEOUT,
            platform=self.platform,
        )


class StreamSetting(Value):
    """The settings of event streams."""

    max_event_size: Annotated[int, Field(strict=True, ge=1024, le=16 * MAX_EVENT_SIZE)] = (
        MAX_EVENT_SIZE
    )


class JobsSetting(Value):
    """The whole setting, in AppKit's names and units."""

    timeout: _Milliseconds | None = None
    poll_interval_ms: _Milliseconds | None = None
    stream_config: StreamSetting = StreamSetting()
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
            problem
            for name, job in self.jobs.items()
            for problem in params_problems(f"jobs.{name}.params", job.params)
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
class ServicePrincipal:
    """A service principal of the workspace, such as that of a Databricks App.

    https://docs.databricks.com/aws/en/dev-tools/databricks-apps/auth
    """

    client_id: str
    client_secret: Secret
    """The OAuth secret of the service principal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKitConfiguration:
    """The complete configuration of AppKit's jobs."""

    jobs: Mapping[str, NamedJob] = field(default_factory=dict[str, NamedJob])
    host: str | None = None
    """The address of the workspace of all jobs that name no Platform."""
    token: Secret | None = None
    """The token for that workspace; it wins over the service principal."""
    service_principal: ServicePrincipal | None = None
    """The sign-in without a token; None: the app's own identity in Azure signs in."""
    timeout: timedelta | None = None
    """The time-out of every call, which replaces the defaults."""
    poll_interval: timedelta = POLL_INTERVAL
    max_event_size: int = MAX_EVENT_SIZE
    """The largest data of an event of a stream, in bytes."""
    hosting: Hosting = field(default_factory=Hosting)
    app_identity: AppIdentity = NO_IDENTITY
    """The app's identity and private hosts, as for every Platform."""
    allow_loopback: bool = False
    """Allow a simulator on this machine as the workspace."""


def params_problems(path: str, schema: Schema | None) -> list[Problem]:
    """Return the problems of a job's schema, with paths that begin with `path`."""
    if not isinstance(schema, dict):
        return []
    return [
        Problem(f"{path}.{each.path}".rstrip("."), f"cannot be used as a schema: {each.text}")
        for each in schema_problems(schema)
    ]


def options_problems(jobs: Mapping[str, JobOptions]) -> list[Problem]:
    """Return the problems of options that a program has given."""
    return [
        problem
        for name, options in jobs.items()
        for problem in params_problems(f"jobs.{name}.params", options.params)
    ]


def principal_problems(variables: Mapping[str, str]) -> list[Problem]:
    """Return the problem of variables that hold half of a service principal."""
    if variables.get("DATABRICKS_TOKEN"):
        return []
    missing = [name for name in _PRINCIPAL if not variables.get(name)]
    if len(missing) != 1:
        return []
    text = f"is missing: {' and '.join(_PRINCIPAL)} sign in as a service principal together"
    return [Problem(missing[0], text)]


def service_principal_of(variables: Mapping[str, str]) -> ServicePrincipal | None:
    """Return the service principal that Databricks Apps and the SDKs of Databricks name."""
    client_id, client_secret = (variables.get(name, "") for name in _PRINCIPAL)
    if not client_id or not client_secret:
        return None
    return ServicePrincipal(client_id=client_id, client_secret=Secret(client_secret))


def _duration(milliseconds: int | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)
