"""Fails a queued run that a limit rejected or that waited too long.

The Dispatcher removes the run from its queue and starts this orchestration in one step. If the
orchestration is lost, the row is still queued, and the reconciler enqueues the run again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypedDict

import azure.durable_functions as df
from durabletask.task import OrchestrationContext, Task

from orchestrations.complete_run import (
    RETRIES,
    PendingNotification,
    notify_all,
    pending_notifications,
)
from orchestrations.names import END_QUEUED, END_RUN

blueprint = df.Blueprint()


class EndRunInput(TypedDict):
    """The input of the orchestration and of its activity."""

    run: str
    attempt: int
    cause: str
    reason: str


@blueprint.orchestration_trigger(context_name="context", orchestration=END_RUN)
def end_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Fail a queued run, and notify its dependents."""
    pending: list[PendingNotification] | None = work.get("pending")
    if pending is None:
        ended = yield context.call_activity(END_QUEUED, input=work, retry_policy=RETRIES)
        pending = pending_notifications(work["run"], ended)
    yield from notify_all(context, work, pending)
