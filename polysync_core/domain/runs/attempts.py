"""Defines an attempt, one try of a run on a platform, with the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.skip import Skip
from polysync_core.domain.runs.status import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a run on its platform."""

    number: int
    status: RunStatus = RunStatus.RUNNING
    external_run_id: str | None = None
    monitor_url: str | None = None
    provider_status: str | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    begun_at: datetime | None = None
    """The time at which the attempt left the queue."""
    sends: int = 1
    """The number of submits that were begun; written ahead of each submit."""
    unsent: int = 0
    """The number of these submits that certainly did not reach the platform."""
    state_at: datetime | None = None
    """The time at which the platform's state was last written."""
    timed_out: datetime | None = None
    """The time of the expired execution time-out; since then the platform is asked to stop."""
    stop_tried: datetime | None = None
    """The first try to ask the platform to stop; the stop time-out of a cancellation begins."""
    stop_accepted: datetime | None = None
    """The time at which the platform accepted the stop; the stop time-out of a time-out begins."""
    cause: FailureCause | None = None
    error: str | None = None
    parameters: Mapping[str, JsonValue] | None = None
    """The values whose run variables were replaced; None if nothing was sent."""
    failure_details: FailureDetails | None = None
    """The details that the Job keeps, without secrets; None if nothing was kept."""

    @property
    def may_be_sent(self) -> bool:
        """Return whether the platform may know the attempt."""
        return self.external_run_id is not None or self.sends > self.unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of an attempt."""

    status: RunStatus
    reason: str
    cause: FailureCause | None = None
    error: str | None = None
    provider_status: str | None = None
    monitor_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: Outputs = field(default_factory=Outputs)
    external_run_id: str | None = None
    """Set if the platform reported the end in its answer to the submit."""
    failure_details: FailureDetails | None = None
    answer: str | None = None
    """The platform's answer to a failed submit; it may quote a secret and is never stored."""
    may_repeat: bool = True
    """False if the external run may still be running, so that a retry would run in parallel."""
    is_outage: bool = False
    """True if the failure is retried as one of infrastructure, with any cause."""
    skip: Skip | None = None
    """Set for the status `SKIPPED`."""
