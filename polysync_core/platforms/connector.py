"""What Polysync needs from a platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.errors import Refused
from polysync_core.domain.json import JsonValue
from polysync_core.domain.secrets import Secret


class RunNotFound(Refused):
    """The platform does not know this run (any more)."""


class ProviderStatus(StrEnum):
    """What a platform's own status word is decoded into."""

    STARTING = "Starting"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @property
    def is_final(self) -> bool:
        """Whether the platform is done with the run; `Unknown` is not an end."""
        return self in {self.SUCCESS, self.FAILED, self.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt to start an artefact."""

    job: Job
    token: str
    """Identifies the attempt towards the platform: 1-64 of `a-z 0-9`, the same at every resend."""
    run_name: str
    parameters: Mapping[str, JsonValue | Secret]
    """The values to send, converted to their data types; `Output` parameters are not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The platform accepted the attempt."""

    external_run_id: str
    monitor_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the platform says of a run at one moment."""

    status: ProviderStatus
    provider_state: str = ""
    """The platform's own words, for people."""
    message: str | None = None
    """Why it ended so, with the remedy where one is known; safe to show."""
    cause: FailureCause | None = None
    """Set where the run failed for another reason than the artefact itself."""
    monitor_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    outputs_missing: str | None = None
    """Why a run that succeeded has not the outputs that it should have, in a sentence."""
    retry_after: float | None = None
    """Seconds that the platform asks to wait before the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Something on the platform that can be imported as a Job."""

    external_id: str
    job_type: JobType
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactSchema:
    """What an import takes over from an artefact."""

    parameters: tuple[Parameter, ...]
    notes: tuple[str, ...] = ()
    """What could not be read with certainty, in words for people."""


class Connector(Protocol):
    """A live connection to one Platform; every call is safe to repeat and safe to run in a thread.

    All calls raise `PlatformRefused` (final), `Unavailable` (again later) or `Uncertain` (it may
    have happened). Nothing that a connector raises or returns holds a credential.
    """

    def submit(self, order: Order) -> Submitted:
        """Start the artefact once for `order.token`, however often this is called."""
        ...

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a run that the platform does not know raises `RunNotFound`."""
        ...

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the platform to stop a run; a run that has ended already is not an error."""
        ...

    def test(self) -> str:
        """Make one cheap authenticated call; return a sentence on what was reached."""
        ...

    def artefacts(self, *, search: str | None = None) -> Iterator[Artefact]:
        """Yield what exists on the platform, page by page, whose name contains `search`."""
        ...

    def describe(self, external_id: str, job_type: JobType) -> ArtefactSchema:
        """Read an artefact's parameters."""
        ...

    def check(self, job: Job) -> None:
        """Raise `Invalid` where a Job's External Id or settings cannot be right for its type."""
        ...
