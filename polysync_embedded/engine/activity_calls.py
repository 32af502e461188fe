"""Executes an activity call, and computes the time of the next try after a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from durabletask.task import RetryPolicy

from orchestrations.context import Activity
from polysync_embedded.engine.json_values import as_json


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActivityCall:
    """One try of a call, which any thread may execute. Two calls are never equal."""

    name: str
    function: Activity
    encoded_input: str
    policy: RetryPolicy | None
    requested_at: datetime
    platform: str | None = None
    """The platform for whose answer the call may wait; None for a call that uses storage only."""
    is_urgent: bool = False
    """True if the call follows a wake-up, for example by a cancellation."""
    answer: Callable[[ActivityCall, Any, Exception | None], None]
    """Takes the result or the failure of a try to the loop."""
    tries: int = 1

    def execute(self) -> None:
        """Call the activity and answer; a `BaseException` such as `SystemExit` is not caught."""
        try:
            result = as_json(self.function(json.loads(self.encoded_input)))
        except Exception as error:
            self.fail(error)
        else:
            self.answer(self, result, None)

    def fail(self, error: Exception) -> None:
        """Answer that this try failed."""
        self.answer(self, None, error)

    def next_try(self) -> ActivityCall:
        """Return the next try of this call."""
        return replace(self, tries=self.tries + 1)

    def delay(self, now: datetime) -> timedelta | None:
        """Return the delay before the next try, or None if the policy allows no other."""
        policy = self.policy
        if policy is None or self.tries >= policy.max_number_of_attempts:
            return None
        if policy.retry_timeout is not None and now - self.requested_at >= policy.retry_timeout:
            return None
        factor = (policy.backoff_coefficient or 1.0) ** (self.tries - 1)
        delay = policy.first_retry_interval * factor
        return delay if policy.max_retry_interval is None else min(delay, policy.max_retry_interval)
