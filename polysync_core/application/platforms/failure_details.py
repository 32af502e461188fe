"""Reads the error details of failed attempts from platforms, and removes secrets."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.ports import RunReader
from polysync_core.application.runs.run_lookup import read_run
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import NotFound, PolysyncError
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.failures.details import (
    KEPT_BYTES,
    MAX_BYTES,
    MAX_KEPT_BYTES,
    NOTHING,
    FailureDetail,
    FailureDetails,
    presentable,
)
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.security.redaction import Redactor
from polysync_core.platforms.connector import ProviderStatus, RunNotFound
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import job_type_plugin

_KEPT = "The platform reported this failure, and Polysync kept it when the attempt ended."

_log = logging.getLogger(__name__)


class DetailsState(StrEnum):
    """The result of a request for failure details."""

    FOUND = "Found"
    NOT_FAILED = "NotFailed"
    """The attempt has not failed."""
    NO_EXTERNAL_RUN = "NoExternalRun"
    """The attempt failed before the platform gave it an external run id."""
    NOT_OFFERED = "NotOffered"
    """The job type cannot tell more than the attempt's error."""
    NO_DETAILS = "NoDetails"
    """The platform has no details, or no longer."""
    UNAVAILABLE = "Unavailable"
    """The platform or a vault cannot be asked now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDetails:
    """The details of one attempt's failure, or the reason why there are none."""

    run: TaskRun
    attempt: Attempt | None
    """None if the run has not begun an attempt."""
    state: DetailsState
    message: str
    """The state as a sentence."""
    details: FailureDetails = NOTHING


class NoDetails(Exception):
    """There are no details to show, for a reason that the message says."""

    def __init__(self, state: DetailsState, message: str) -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetailsReader:
    """Reads the details of failed attempts: on demand, and at the end of attempts for some Jobs."""

    runs: RunReader
    connections: Connections
    texts: PlatformTexts

    def read(self, run_id: RunId, attempt: int | None = None) -> AttemptDetails:
        """Return the details of an attempt, by default the last; raises `NotFound`."""
        run = read_run(self.runs, run_id).run
        chosen = _attempt(run, attempt)
        try:
            details = self.of(run, _failed(run, chosen))
        except NoDetails as missing:
            return AttemptDetails(
                run=run, attempt=chosen, state=missing.state, message=str(missing)
            )
        kept = chosen is not None and chosen.failure_details is not None
        message = _KEPT if kept else "The platform reports this failure."
        return AttemptDetails(
            run=run, attempt=chosen, state=DetailsState.FOUND, message=message, details=details
        )

    def read_to_keep(self, run: TaskRun, outcome: Outcome) -> FailureDetails | None:
        """Return the details of an attempt's outcome if its Job keeps them.

        A failure to read them must not hinder the end of the run, so it is only logged.
        """
        limit = remaining_bytes(run)
        if not run.job.keep_errors or not limit:
            return None
        try:
            return self._details_of(run, outcome, limit)
        except NoDetails as missing:
            _log_unread(run, missing)
        except Exception as error:
            _log_unread(run, error)
        return None

    def _details_of(self, run: TaskRun, outcome: Outcome, limit: int) -> FailureDetails | None:
        """Return the details of a failed run or of a refused submit."""
        attempt = run.attempt
        if outcome.answer is not None:
            answered = FailureDetails(parts=(FailureDetail(error=outcome.answer),))
            return presentable(answered, self._redactor(run).clean, limit=limit)
        if outcome.provider_status != ProviderStatus.FAILED or attempt is None:
            return None
        external_id = attempt.external_run_id or outcome.external_run_id
        return self.of(run, replace(attempt, external_run_id=external_id), limit=limit)

    def of(self, run: TaskRun, attempt: Attempt, *, limit: int = MAX_BYTES) -> FailureDetails:
        """Return the details of a failed attempt without secrets; raises `NoDetails`."""
        if attempt.failure_details is not None:
            return attempt.failure_details
        external_id = attempt.external_run_id
        if external_id is None:
            raise NoDetails(
                DetailsState.NO_EXTERNAL_RUN,
                f"Attempt {attempt.number} has no run on its platform that is known: "
                "its error says why it failed.",
            )
        self._check_offered(run.job)
        redactor = self._redactor(run)
        details = presentable(
            self._read_from_platform(run, external_id), redactor.clean, limit=limit
        )
        if not details.parts:
            raise NoDetails(
                DetailsState.NO_DETAILS,
                details.note or "The platform gives no details of this failure.",
            )
        return details

    def _check_offered(self, job: Job) -> None:
        try:
            plugin = job_type_plugin(self.connections.platform(job.platform), job)
        except PolysyncError as error:
            raise _unavailable(error) from error
        if Capability.FAILURE_DETAILS not in plugin.capabilities:
            raise NoDetails(
                DetailsState.NOT_OFFERED,
                f"A {job.job_type} has no more details than the error of the attempt.",
            )

    def _redactor(self, run: TaskRun) -> Redactor:
        try:
            return self.texts.redactor_of(run)
        except PolysyncError as error:
            raise NoDetails(
                DetailsState.UNAVAILABLE,
                "The details are not shown, because they may hold a secret of the run or of its "
                f"platform, which cannot be read: {error}",
            ) from error

    def _read_from_platform(self, run: TaskRun, external_id: str) -> FailureDetails:
        try:
            with self.texts.filtered_errors(run.job, run.parameters.values()):
                return self.connections.job(run.job).failure_details(run.job, external_id)
        except RunNotFound as error:
            raise NoDetails(
                DetailsState.NO_DETAILS, "The platform no longer knows the run of this attempt."
            ) from error
        except PolysyncError as error:
            raise _unavailable(error) from error


def remaining_bytes(run: TaskRun) -> int:
    """Return the number of bytes that a row keeps for one more attempt."""
    kept = sum(each.failure_details.size for each in run.attempts if each.failure_details)
    return max(0, min(KEPT_BYTES, MAX_KEPT_BYTES - kept))


def _log_unread(run: TaskRun, error: Exception) -> None:
    _log.warning(
        "The failure details of an attempt could not be read, so they are not kept.",
        extra={
            "action": "failure_details_unread",
            "run_id": run.run_id,
            "platform": run.job.platform,
            "error": str(error) if isinstance(error, NoDetails) else type(error).__name__,
        },
    )


def _unavailable(error: PolysyncError) -> NoDetails:
    message = f"The details cannot be read from the platform now: {error}"
    return NoDetails(DetailsState.UNAVAILABLE, message)


def _attempt(run: TaskRun, number: int | None) -> Attempt | None:
    if number is None:
        return run.attempt
    if not 1 <= number <= len(run.attempts):
        known = f"1 to {len(run.attempts)}" if run.attempts else "none yet"
        raise NotFound(f"The run has no attempt {number}; its attempts are {known}.")
    return run.attempts[number - 1]


def _failed(run: TaskRun, attempt: Attempt | None) -> Attempt:
    if attempt is not None and attempt.status is RunStatus.FAILED:
        return attempt
    failed = [each.number for each in run.attempts if each.status is RunStatus.FAILED]
    message = f"There are no failure details: {_state(run, attempt)}."
    if failed:
        message += f" Attempt {failed[-1]} failed: ask for attempt {failed[-1]}."
    raise NoDetails(DetailsState.NOT_FAILED, message)


def _state(run: TaskRun, attempt: Attempt | None) -> str:
    if attempt is None:
        return f"the run is {run.status} and has had no attempt"
    if attempt.status is RunStatus.RUNNING:
        return f"attempt {attempt.number} is under way"
    return f"attempt {attempt.number} is {attempt.status}"
