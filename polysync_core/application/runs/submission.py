"""Builds the request that submits an attempt to a platform, with resolved secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.retries import may_ever_retry
from polysync_core.domain.runs.identity import submit_token
from polysync_core.domain.runs.parameters.values import inputs_of, resolved
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.secrets import Secret, is_secret_reference
from polysync_core.platforms.connector import SubmitRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionBuilder:
    """Builds submit requests; only activities may use it, since it reads secrets."""

    resolve_secret: Callable[[str], Secret]
    """Returns the secret that a `vault://` reference names."""

    def request(self, run: TaskRun, attempt: Attempt, *, is_resend: bool) -> SubmitRequest:
        """Return the request of an attempt; `is_resend` means that an earlier submit may have
        been executed.

        Raises `PlatformRefused` with cause `Secret` or `Parameters`, or `Unavailable`.
        """
        repairs = run.repaired_by(attempt.number)
        # A repair keeps the values of the failed run.
        values = () if repairs is not None else self._values(run, attempt.number)
        return SubmitRequest(
            job=run.job,
            token=submit_token(run.run_id, attempt.number),
            run_name=f"{run.title} {run.run_id} attempt {attempt.number}",
            parameters=dict(values),
            begun_at=attempt.begun_at or run.queued_at,
            is_resend=is_resend,
            is_only_try=not may_ever_retry(run.retry),
            repairs=repairs,
        )

    def _values(self, run: TaskRun, attempt: int) -> Iterator[tuple[str, JsonValue | Secret]]:
        for name, value in inputs_of(run).items():
            if isinstance(value, str) and is_secret_reference(value):
                yield name, self._secret(name, value)
            else:
                yield name, _resolved(run, name, attempt)

    def _secret(self, parameter: str, reference: str) -> Secret:
        """Return the secret of a parameter; the error names the parameter and the reference."""
        try:
            return self.resolve_secret(reference)
        except PlatformRefused as error:
            message = f"parameter '{parameter}': {reference} cannot be read: {error}"
            cause, status = error.cause, error.status
        raise PlatformRefused(message, cause=cause, status=status)


def _resolved(run: TaskRun, name: str, attempt: int) -> JsonValue:
    try:
        return resolved(run, name, attempt)
    except Invalid as error:
        message = str(error)
    raise PlatformRefused(message, cause=FailureCause.PARAMETERS)
