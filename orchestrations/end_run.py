"""Implements the orchestration that fails a queued run after a rejection or time-out.

The Dispatcher removes the run from its queue and starts this orchestration in one step. If the
orchestration is lost, the row is still queued, and the reconciler enqueues the run again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypedDict

from durabletask.task import Task

from orchestrations.complete_run import (
    RETRIES,
    PendingNotification,
    notify_all,
    pending_notifications,
)
from orchestrations.context import OrchestrationContext
from orchestrations.names import END_QUEUED


class EndRunInput(TypedDict):
    """The input of the orchestration and of its activity."""

    run: str
    attempt: int
    cause: str
    reason: str


def end_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Fail a queued run, and notify its dependents."""
    pending: list[PendingNotification] | None = work.get("pending")
    if pending is None:
        ended = yield context.call_activity(END_QUEUED, input=work, retry_policy=RETRIES)
        pending = pending_notifications(work["run"], ended)
    yield from notify_all(context, work, pending)
