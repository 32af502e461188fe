"""The orchestration that carries one attempt of a task run.

It only waits and calls: every decision that needs the world is an activity's, and every fact that
matters is on the run's row. So it may be lost, repeated or started anew at any point.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from durabletask.entities import EntityInstanceId
from durabletask.task import OrchestrationContext, Task, TaskFailedError, when_any

from orchestrations.complete_run import notify_all, pending_notifications
from orchestrations.names import DISPATCHER, GIVE_UP, LOOK, SUBMIT, TASK_RUN, WAKE

blueprint = df.Blueprint()

CALLS_PER_GENERATION = 20
"""Then the orchestration continues as new; a call and its timer are 8 events of history."""
FAULTS_BEFORE_GIVING_UP = 12
"""Faults of ours in a row, at growing distances: about an hour."""


@blueprint.orchestration_trigger(context_name="context", orchestration=TASK_RUN)
def task_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Submit an attempt, look at it until it is done, give its lease back, notify dependents."""
    if "pending" in work:
        yield from notify_all(context, work, work["pending"])
        return
    run = {"run": work["run"], "attempt": work["attempt"]}
    submitted, memo = work.get("submitted", False), work.get("memo", {})
    faults = work.get("faults", 0)
    for _ in range(CALLS_PER_GENERATION):
        activity = LOOK if submitted else SUBMIT
        if faults >= FAULTS_BEFORE_GIVING_UP:
            activity = GIVE_UP
        try:
            verdict = yield context.call_activity(activity, input={**run, "memo": memo})
        except TaskFailedError:
            faults += 1
            verdict = {"submitted": submitted, "memo": memo, "after": min(5.0 * 2**faults, 600.0)}
        else:
            faults = 0
        if verdict.get("done"):
            context.set_custom_status("Notifying dependents." if verdict.get("notify") else "Done.")
            _hand_over(context, work["shard"], run, verdict.get("next"))
            yield from notify_all(context, work, pending_notifications(work["run"], verdict))
            return
        submitted, memo = verdict["submitted"], verdict["memo"]
        context.set_custom_status(_status(submitted, memo, faults, verdict["after"]))
        yield from _wait(context, verdict["after"])
    context.continue_as_new(
        {**run, "shard": work["shard"], "submitted": submitted, "memo": memo, "faults": faults}
    )


def _status(submitted: bool, memo: dict[str, Any], faults: int, after: float) -> str:
    """Return what the portal shows of an attempt under way; the run's row knows more."""
    state = "On its platform" if submitted else "Not yet submitted"
    counts = {
        "polls": memo.get("polls", 0),
        "failures in a row": memo.get("failures", 0),
        "internal faults in a row": faults,
    }
    details = ", ".join(f"{name}: {count}" for name, count in counts.items())
    return f"{state}; {details}; next call in {after:g} s."


def _hand_over(
    context: OrchestrationContext, shard: str, run: dict[str, Any], following: Any
) -> None:
    """Give the lease back; where the run goes on, its next attempt waits in its place.

    Letting the next attempt wait gives the lease back as well, and keeps the Dispatcher's knowledge
    of the Task's limits alive.
    """
    dispatcher = EntityInstanceId(DISPATCHER, shard)
    if following is None:
        context.signal_entity(dispatcher, "release", run)
    else:
        context.signal_entity(dispatcher, "enqueue", following)


def _wait(context: OrchestrationContext, seconds: float) -> Generator[Task[Any], Any]:
    """Wait until the time is up or somebody rings."""
    if seconds <= 0:
        return
    timer = context.create_timer(timedelta(seconds=seconds))
    bell = context.wait_for_external_event(WAKE)
    first: Task[Any] = yield when_any([timer, bell])
    if first is bell:
        timer.cancel()
    else:
        bell.cancel()
