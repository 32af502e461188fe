"""Defines the interface that every platform connector implements, with its values and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.errors import PlatformRefused, Refused, Uncertain
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.security.secrets import Secret


class RunNotFound(Refused):
    """The platform does not know the run, or has deleted it."""


class ArtefactNotFound(PlatformRefused):
    """The platform says that the artefact does not exist; the platform itself was found."""


class CannotStop(Refused):
    """The platform cannot stop runs of this kind."""


class SearchLimitReached(Refused):
    """The platform lists the runs among too many runs of other artefacts."""


class OutcomeUnknown(Uncertain):
    """The run may have been started or ended, and the platform cannot tell.

    `submit` raises it if a resend could do the work twice. The attempt then ends as `Lost`.
    """


class ProviderStatus(StrEnum):
    """The status of a run, decoded from the platform's own word."""

    STARTING = "Starting"
    RUNNING = "Running"
    SUCCESS = "Success"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @property
    def is_final(self) -> bool:
        """True if the run has ended on the platform; `Unknown` is not an end."""
        return self in {self.SUCCESS, self.FAILED, self.CANCELLED}


class Wait(StrEnum):
    """The thing that a started run waits for on its platform."""

    PLATFORM_QUEUE = "PlatformQueue"
    """The platform holds the run back, such as for a limit of the artefact or of the service."""
    COMPUTE = "Compute"
    """The platform prepares the machines or the environment of the run."""
    RETRY = "Retry"
    """The platform itself is about to try a failed part again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """One attempt to start an artefact."""

    job: Job
    token: str
    """The attempt's idempotency key: 1-64 of `a-z 0-9`, the same at every resend."""
    run_name: str
    parameters: Mapping[str, JsonValue | Secret]
    """The values to send, converted to their data types; without `Output` parameters."""
    begun_at: datetime
    """The start of the attempt: its run on the platform is not older."""
    is_resend: bool = False
    """True if an earlier submit of this attempt may have succeeded without an answer."""
    is_only_try: bool = False
    """True if the run has no retry, so the platform must not try again by itself either."""
    repairs: str | None = None
    """The external id of a failed run whose failed parts shall run again, with its own values.

    Only job types with the capability `repair` get it; then `parameters` is empty.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The platform accepted the attempt."""

    external_run_id: str
    """Identifies the run in `read` and `cancel`. People see it, so it holds no credential.

    It is an id of the platform, several ids joined, or the path of a status address on the
    platform's own host.
    """
    monitor_url: str | None = None
    report: Report | None = None
    """The first report, if the answer holds one.

    A final report ends the attempt without a `read`. It is for calls that answer when the work is
    done, and for runs that cannot be polled.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The state of a run on the platform at one moment."""

    status: ProviderStatus
    provider_state: str = ""
    """The platform's own status word, for people."""
    message: str | None = None
    """The reason for the outcome, with a remedy if one is known.

    Of a run that has not ended: the platform's reason for its state, such as a full queue.
    """
    wait: Wait | None = None
    """The reason why the run waits on the platform; None if it does not wait, or if unknown."""
    cause: FailureCause | None = None
    """Set if the run failed for a reason other than the artefact itself."""
    monitor_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    may_be_stopped: bool = False
    """Set with `Failed` if the platform reports stopped runs as failed.

    The run then counts as stopped if Polysync has asked the platform to stop it.
    """
    outputs_missing: str | None = None
    """The reason why a successful run lacks its outputs, as a sentence."""
    retry_after: float | None = None
    """Seconds that the platform asks to wait before the next poll."""
    credentials: tuple[Secret, ...] = ()
    """The credentials of the connection, which no output may hold; the registry sets them."""


def check_repairable(report: Report, service: str) -> None:
    """Raise `PlatformRefused` for the repair of a run that is active or has succeeded."""
    if report.status is ProviderStatus.SUCCESS:
        raise PlatformRefused(
            f"the run has succeeded in {service} meanwhile, so it has no failed part: another"
            " caller repaired it",
            cause=FailureCause.SUBMIT,
        )
    if not report.status.is_final:
        raise PlatformRefused(
            f"the run is active in {service}: another caller repairs it, or it has not stopped yet",
            cause=FailureCause.CONTENTION_REJECTED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactSchema:
    """The facts that an import reads from an artefact."""

    parameters: tuple[Parameter, ...]
    typed: bool = False
    """True if the platform declares the data types; otherwise they are guesses."""
    guessed: frozenset[str] = frozenset()
    """The parameters whose types are guesses although the platform declares the others."""
    notes: tuple[str, ...] = ()
    """Facts for people, such as a part of the artefact that could not be read."""
    complete: bool | None = None
    """True if the list certainly has every parameter that the artefact reads.

    By default the list is complete if there are no notes.
    """
    settings: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """The settings that a new Job needs, so that the artefact receives the parameters."""

    @property
    def is_complete(self) -> bool:
        """Return whether the list certainly has every parameter that the artefact reads."""
        return not self.notes if self.complete is None else self.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """An object on the platform that can be imported as a Job."""

    external_id: str
    job_type: str
    name: str
    description: str | None = None
    schema: ArtefactSchema | None = None
    """The result of `describe`, if the platform's list contains it."""
    problem: str | None = None
    """The reason why no Job can run it, or why the artefacts in a folder are not listed."""
    is_skipped: bool = False
    """True if the entry is of a kind that no Job runs, and always has a problem.

    Such an entry is a folder that was not searched, or a function without an HTTP trigger.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRun:
    """A run in the platform's list, started by Polysync or by another caller."""

    external_run_id: str
    report: Report


class JobConnector(Protocol):
    """Starts, polls, stops and describes the artefacts of one job type.

    Every call is safe to repeat and safe for threads. All raise `PlatformRefused` (final),
    `Unavailable` (try later) or `Uncertain` (it may have happened). No error and no result holds a
    credential.
    """

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the artefact once for `request.token`, however often this is called.

        A plugin with `announces_sends` announces each request that may start something, right
        before it is sent (`polysync_core.platforms.send_observer`); `PlatformClient` does that.

        After `Uncertain`, and after a crash that left the result unknown, it is called again with
        `request.is_resend`, for at most 15 minutes. A resend depends on the platform:

        - It accepts an idempotency key or a name: send the same request again.
        - It has no key, but lists its runs: find the run since `request.begun_at` and adopt it.
          Raise `Uncertain` while the list may be late; send again only where that is safe.
        - It has neither: raise `OutcomeUnknown`, and send nothing.

        With `request.repairs`, the platform repairs that run instead. The new external run id must
        tell the repair from the failed run, although the platform may keep its own id.
        """
        ...

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with its outputs if it has ended.

        An unknown status word is `Unknown`, never an end. An unknown run raises `RunNotFound`.
        """
        ...

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the platform's details about the failed parts of a failed run.

        The texts are complete, because the caller redacts them before it shortens them. It is
        called on demand, with the capability `failure details`. An unknown run raises
        `RunNotFound`.
        """
        ...

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the platform to stop a run; a run that has already ended is not an error.

        Raises `RunNotFound`, and `CannotStop` if the platform cannot stop runs.
        """
        ...

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return an artefact's parameters; raises `ArtefactNotFound` for an unknown artefact."""
        ...

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the artefact's runs from the platform's list, newest first, page by page.

        Raises `SearchLimitReached` if the list holds too many runs of other artefacts. The runs
        yielded before are correct.
        """
        ...


class Connector(Protocol):
    """A live connection to one Platform, with a connector for each job type."""

    def job(self, job_type: str) -> JobConnector:
        """Return the connector of a job type; raises `Invalid` for an unknown type."""
        ...

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        """Yield the artefacts whose names contain `search`, page by page."""
        ...

    def test(self) -> str:
        """Make one cheap authenticated call and describe the reached service in a sentence."""
        ...
