"""Builds the submit request of one attempt and puts the secret values into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.runs.store import RunStore, Updated
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import Invalid, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import attempt_token
from polysync_core.domain.runs.run import (
    SYSTEM_ACTOR,
    Attempt,
    RunStatus,
    TaskRun,
    begin_attempt,
    with_attempt,
)
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.runs.values import inputs_of, resolved, with_values
from polysync_core.domain.secrets import Secret, is_secret_reference
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
        return SubmitRequest(
            job=run.job,
            token=attempt_token(run.run_id, attempt.number),
            run_name=f"{run.title} {run.run_id} attempt {attempt.number}",
            parameters=dict(self._values(run, attempt.number)),
            begun_at=attempt.begun_at or run.queued_at,
            is_resend=is_resend,
        )

    def secrets_of(self, run: TaskRun) -> list[Secret]:
        """Return the secrets that the attempts of a run get; raises the errors of `request`."""
        references = {each for each in run.parameters.values() if isinstance(each, str)}
        return [self.resolve_secret(each) for each in references if is_secret_reference(each)]

    def _values(self, run: TaskRun, attempt: int) -> Iterator[tuple[str, JsonValue | Secret]]:
        for name, value in inputs_of(run).items():
            if isinstance(value, str) and is_secret_reference(value):
                yield name, self.resolve_secret(value)
            else:
                yield name, _resolved(run, name, attempt)


def record_send(
    store: RunStore, stored: StoredRun, attempt: int, number: int, *, clock: Clock
) -> Updated:
    """Write ahead that the attempt is about to be sent for the `number`-th time.

    `is_written` is false if another execution of this step wrote it. The write also records the
    values of the attempt, unless the row has no room for them.
    """

    def write(*, keep_values: bool) -> Updated:
        return store.try_update(
            stored, lambda run: _with_send(run, attempt, number, at=clock(), keep=keep_values)
        )

    try:
        return write(keep_values=True)
    except TooLarge:
        return write(keep_values=False)


def _with_send(
    run: TaskRun, attempt: int, number: int, *, at: datetime, keep: bool
) -> TaskRun | None:
    """Begin the attempt of a queued run; leave a run alone that was cancelled meanwhile."""
    current = run.attempt
    if run.carries(attempt) and current is not None:
        is_due = current.external_run_id is None and current.sends < number
        return with_attempt(run, replace(current, sends=number)) if is_due else None
    if run.status is not RunStatus.QUEUED or run.next_attempt != attempt:
        return None
    return with_values(begin_attempt(run, at=at, actor=SYSTEM_ACTOR), keep=keep)


def _resolved(run: TaskRun, name: str, attempt: int) -> JsonValue:
    try:
        return resolved(run, name, attempt)
    except Invalid as error:
        message = str(error)
    raise PlatformRefused(message, cause=FailureCause.PARAMETERS)
