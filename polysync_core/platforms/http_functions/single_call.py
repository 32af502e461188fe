"""Sends the HTTP call of an attempt at most once, unless the Job is idempotent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from polysync_core.domain.errors import Uncertain
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import Call, refuse_answer
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from polysync_core.platforms.platform_client import PlatformClient

MAX_CALL_SECONDS = 230.0
"""The maximum duration of a call; the front end of Azure Functions has this limit."""
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header with the attempt's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleCall:
    """Sends the call of one attempt at most once, unless the Job is idempotent.

    Only a refusal or a failed connection proves that the work was not done. Every other failure
    raises `OutcomeUnknown`, or `Uncertain` for an idempotent Job, whose call may be sent again.
    """

    client: PlatformClient
    request: SubmitRequest
    name: str
    """The name of the called artefact, for errors."""
    outcome_advice: str
    """The advice for an unknown outcome, without a full stop."""
    accepts: Callable[[Answer], bool] = refuse_answer
    """True if an answer of status 400 or more is a result to read."""
    seconds: float = MAX_CALL_SECONDS
    """The longest wait for the answer; an activity has ten minutes."""

    def exchange[T](self, call: Call, read: Callable[[Answer], T]) -> T:
        """Send the call and return the answer that `read` decodes."""
        repeats = self.request.job.may_run_twice
        if self.request.is_resend and not repeats:
            raise OutcomeUnknown(f"{self.name} may have been called. {self.outcome_advice}.")
        once = replace(
            call,
            headers={**(call.headers or {}), IDEMPOTENCY_KEY: self.request.token},
            repeatable=False,
            # The call may have effects with any method.
            effect=True,
            accept_oversized=True,
            accepts=self.accepts,
            budget=CallBudget(total=self.seconds + 10, read=self.seconds, attempts=1),
        )
        try:
            return self.client.exchange(once, read)
        except OutcomeUnknown:
            raise
        except Uncertain as error:
            if repeats:
                raise
            platform_message, platform_answer = error.platform_message, error.platform_answer
        unknown = OutcomeUnknown(
            f"{self.name} was called, but its answer is missing or unreadable."
            f" {self.outcome_advice}."
        )
        unknown.platform_message, unknown.platform_answer = platform_message, platform_answer
        raise unknown
