"""Implements the orchestration that notifies dependents of an ended run.

The orchestration that ends a run also notifies its dependents. `complete_run` does so for a run
without an orchestration, or after its orchestration was lost. The run stays active until all its
dependents are notified.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from itertools import batched
from typing import Any, TypedDict

from durabletask.entities import EntityInstanceId
from durabletask.task import RetryPolicy, Task, when_all

from orchestrations.context import OrchestrationContext
from orchestrations.names import (
    DEACTIVATE_RUNS,
    DISPATCHER,
    FIND_DEPENDENTS,
    NOTIFY_DEPENDENTS,
)

RETRIES = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=6,
    backoff_coefficient=2.0,
)
"""After the last attempt, the reconciler starts the orchestration again."""
TASKS_A_CALL = 25
RUNS_A_ROUND = 8
ROUNDS_A_GENERATION = 10
"""After this number of rounds, the orchestration continues as new."""


class PendingNotification(TypedDict):
    """A run that has ended, and the Tasks that are not notified yet."""

    run: str
    notify: list[str]


class CompleteRunInput(TypedDict):
    """The input with which the orchestration is started."""

    run: str


def complete_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Notify the dependents of a run, then deactivate the run."""
    pending: list[PendingNotification] | None = work.get("pending")
    if pending is None:
        run = {"run": work["run"]}
        found = yield context.call_activity(FIND_DEPENDENTS, input=run, retry_policy=RETRIES)
        pending = pending_notifications(work["run"], found)
    yield from notify_all(context, work, pending)


def pending_notifications(run: str, result: dict[str, Any]) -> list[PendingNotification]:
    """Return the notifications that the result of a step asks for."""
    tasks = result.get("notify")
    return [PendingNotification(run=run, notify=tasks)] if tasks else []


def notify_all(
    context: OrchestrationContext, work: dict[str, Any], pending: list[PendingNotification]
) -> Generator[Task[Any], Any]:
    """Notify the dependents of some runs, and of runs skipped as a result.

    With many notifications, the orchestration continues as new, with `pending` in its input.
    """
    for _ in range(ROUNDS_A_GENERATION):
        if not pending:
            return
        current, pending = pending[:RUNS_A_ROUND], pending[RUNS_A_ROUND:]
        answers: list[dict[str, Any]] = yield when_all(
            [
                context.call_activity(
                    NOTIFY_DEPENDENTS,
                    input=PendingNotification(run=each["run"], notify=list(tasks)),
                    retry_policy=RETRIES,
                )
                for each in current
                for tasks in batched(each["notify"], TASKS_A_CALL, strict=False)
            ]
        )
        for answer in answers:
            _dispatch(context, answer["dispatch"])
            pending = pending + answer["pending"]
        runs = {"runs": [each["run"] for each in current]}
        yield context.call_activity(DEACTIVATE_RUNS, input=runs, retry_policy=RETRIES)
    if pending:
        context.continue_as_new({**work, "pending": pending})


def _dispatch(context: OrchestrationContext, requests: list[dict[str, Any]]) -> None:
    for request in requests:
        dispatcher = EntityInstanceId(DISPATCHER, request["shard"])
        message = {"waiting": request["waiting"], "policies": request["policies"]}
        context.signal_entity(dispatcher, "enqueue", message)
