"""Executes one call of an activity, and computes the delay before the call is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from durabletask.task import RetryPolicy

from orchestrations.context import Activity
from polysync_embedded.engine.json_values import as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCall:
    """One execution of an activity, on any thread."""

    name: str
    encoded_input: str
    function: Activity
    answer: Callable[[Any, Exception | None], None]
    """Takes the result or the failure to the loop."""

    def execute(self) -> None:
        """Call the activity and answer; a `BaseException` such as `SystemExit` is not caught."""
        try:
            result = as_json(self.function(json.loads(self.encoded_input)))
        except Exception as error:
            self.answer(None, error)
        else:
            self.answer(result, None)


def delay_before_retry(policy: RetryPolicy, tries: int, elapsed: timedelta) -> timedelta | None:
    """Return the delay after some failed tries; None after the last one."""
    if tries >= policy.max_number_of_attempts:
        return None
    if policy.retry_timeout is not None and elapsed >= policy.retry_timeout:
        return None
    factor = (policy.backoff_coefficient or 1.0) ** (tries - 1)
    delay = policy.first_retry_interval * factor
    return delay if policy.max_retry_interval is None else min(delay, policy.max_retry_interval)
