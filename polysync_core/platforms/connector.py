"""What Polysync needs from a platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.errors import Refused, Uncertain
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import Secret


class RunNotFound(Refused):
    """The platform does not know this run (any more)."""


class CannotStop(Refused):
    """The platform has no way to stop such a run."""


class SearchLimitReached(Refused):
    """The platform lists the runs among too many others to look at them all."""


class OutcomeUnknown(Uncertain):
    """The run may have been started or even ended, and there is no way to find out.

    Raised by `submit` where sending again could do the work twice: the attempt ends as `Lost`.
    """


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
class SubmitRequest:
    """One attempt to start an artefact."""

    job: Job
    token: str
    """Identifies the attempt towards the platform: 1-64 of `a-z 0-9`, the same at every resend."""
    run_name: str
    parameters: Mapping[str, JsonValue | Secret]
    """The values to send, converted to their data types; `Output` parameters are not in it."""
    begun_at: datetime
    """When the attempt began: what a platform shows of it is not older."""
    is_resend: bool = False
    """Whether an earlier submit of this attempt may have been carried out, and nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The platform accepted the attempt."""

    external_run_id: str
    """Names the run in `read` and `cancel`: an id of the platform, one made of several, or the path
    of a status address on the platform's own host. It is shown to people: no credential is in it.
    """
    monitor_url: str | None = None
    report: Report | None = None
    """What is known of the run already. A final report ends the attempt then and there, without a
    `read`: so do calls that answer when the work is done, and those that nobody can follow."""


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
    may_be_stopped: bool = False
    """Set with `Failed` where this platform has no other word for a run that was stopped: then it
    counts as stopped, if Polysync has asked for that."""
    outputs_missing: str | None = None
    """Why a run that succeeded has not the outputs that it should have, in a sentence."""
    retry_after: float | None = None
    """Seconds that the platform asks to wait before the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactSchema:
    """What an import takes over from an artefact."""

    parameters: tuple[Parameter, ...]
    typed: bool = False
    """Whether the platform declares the types; else they are ours, and people may know better."""
    notes: tuple[str, ...] = ()
    """What could not be read with certainty, in words for people: a parameter may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """Something on the platform that can be imported as a Job."""

    external_id: str
    job_type: str
    name: str
    description: str | None = None
    schema: ArtefactSchema | None = None
    """What `describe` would return, where the platform's list tells it as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRun:
    """A run that the platform lists, whoever has started it."""

    external_run_id: str
    report: Report


class JobConnector(Protocol):
    """How the artefacts of one job type are started, followed and described on a live platform.

    Every call is safe to repeat and safe to run in a thread. All raise `PlatformRefused` (final),
    `Unavailable` (again later) or `Uncertain` (it may have happened). Nothing that a connector
    raises or returns holds a credential.
    """

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the artefact once for `order.token`, however often this is called.

        After `Uncertain` it is called again, with `order.again`, until it has an answer or the
        patience of the attempt is over (15 minutes). So it is too after a crash that nobody has
        heard of. What `order.again` asks for depends on the platform:

        - It takes a key, or a name of ours: send the same again.
        - It has no key, but lists its runs: look for the run since `order.begun_at` and adopt it.
          While the list may be late, raise `Uncertain`; send again only where that is safe.
        - It does neither: raise `OutcomeUnknown`, and send nothing.
        """
        ...

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, at its end with its outputs.

        A status word that is not known is `Unknown`, never an end. A run that the platform does not
        know raises `RunNotFound`.
        """
        ...

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the platform to stop a run; a run that has ended already is not an error.

        Raises `CannotStop` where the platform has no way to, and `RunNotFound`.
        """
        ...

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read an artefact's parameters; `PlatformRefused` where there is no such artefact."""
        ...

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the artefact's runs as the platform lists them, newest first, page by page.

        Raises `SearchLimitReached` where they are among too many others; what it yielded stands.
        """
        ...


class Connector(Protocol):
    """A live connection to one Platform: its job types, by the job type of a Job."""

    def job(self, job_type: str) -> JobConnector:
        """Return what deals with a job type; raises `Invalid` where the platform has none such."""
        ...

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        """Yield what exists on the platform, page by page, whose name contains `search`."""
        ...

    def test(self) -> str:
        """Make one cheap authenticated call; return a sentence on what was reached."""
        ...
