"""Implements the orchestration of an attempt: submits, polls, and releases the lease.

The orchestration only waits and calls activities, which decide. All facts are on the run's row, so
the orchestration may be lost, repeated or started again at any point.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from durabletask.entities import EntityInstanceId
from durabletask.task import Task, TaskFailedError, when_any

from orchestrations.complete_run import notify_all, pending_notifications
from orchestrations.context import OrchestrationContext
from orchestrations.names import ABANDON, DISPATCHER, POLL, SUBMIT, WAKE
from polysync_core.domain.runs.polls.plans import delay_after_fault

CALLS_PER_GENERATION = 20
"""The number of calls before the orchestration continues as new; one call writes 8 events."""
MAX_FAULTS = 12
"""Faults of Polysync in a row before the attempt is abandoned; with back-off about an hour."""


def task_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Submit an attempt, poll it until it is done, release its lease, notify dependents."""
    if "pending" in work:
        yield from notify_all(context, work, work["pending"])
        return
    run = {"run": work["run"], "attempt": work["attempt"]}
    submitted, memo = work.get("submitted", False), work.get("memo", {})
    faults = work.get("faults", 0)
    for _ in range(CALLS_PER_GENERATION):
        activity = POLL if submitted else SUBMIT
        if faults >= MAX_FAULTS:
            activity = ABANDON
        try:
            work_of_step = {**run, "memo": memo, **({"faults": faults} if faults else {})}
            result = yield context.call_activity(activity, input=work_of_step)
        except TaskFailedError:
            faults += 1
            result = {"submitted": submitted, "memo": memo, "after": delay_after_fault(faults)}
        else:
            faults = 0
        if result.get("done"):
            context.set_custom_status("Notifying dependents." if result.get("notify") else "Done.")
            _release_lease(context, work["shard"], run, result.get("next"))
            yield from notify_all(context, work, pending_notifications(work["run"], result))
            return
        submitted, memo = result["submitted"], result["memo"]
        context.set_custom_status(_status(submitted, memo, faults, result["after"]))
        yield from _wait(context, result["after"])
    context.continue_as_new(
        {**run, "shard": work["shard"], "submitted": submitted, "memo": memo, "faults": faults}
    )


def _status(submitted: bool, memo: dict[str, Any], faults: int, after: float) -> str:
    """Return the status of the attempt for the portal; the run's row has the details."""
    state = "On its platform" if submitted else "Not yet submitted"
    counts = {
        "polls": memo.get("polls", 0),
        "internal faults in a row": faults,
    }
    details = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return f"{state}; {details}; next call in {after:g} s."


def _release_lease(
    context: OrchestrationContext, shard: str, run: dict[str, Any], retry: Any
) -> None:
    """Release the lease; for a retry, enqueue the next attempt instead.

    Enqueuing the next attempt also releases the lease, and keeps the Task's limits in the
    Dispatcher's state.
    """
    dispatcher = EntityInstanceId(DISPATCHER, shard)
    if retry is None:
        context.signal_entity(dispatcher, "release", run)
    else:
        context.signal_entity(dispatcher, "enqueue", retry)


def _wait(context: OrchestrationContext, seconds: float) -> Generator[Task[Any], Any]:
    """Wait until the time is up or a wake-up event arrives."""
    if seconds <= 0:
        return
    timer = context.create_timer(timedelta(seconds=seconds))
    wake_up = context.wait_for_external_event(WAKE)
    first: Task[Any] = yield when_any([timer, wake_up])
    if first is wake_up:
        timer.cancel()
    else:
        wake_up.cancel()
