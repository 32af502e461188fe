"""Telling the dependents of a run that has ended.

The orchestration that ends a run goes on with it. Where none does, or it was lost, `complete_run`
is started: the run is among the active ones until everybody was told.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from itertools import batched
from typing import Any, TypedDict

import azure.durable_functions as df
from durabletask.entities import EntityInstanceId
from durabletask.task import OrchestrationContext, RetryPolicy, Task, when_all

from orchestrations.names import (
    COMPLETE_RUN,
    DISPATCHER,
    FIND_DEPENDENTS,
    SETTLE_RUNS,
    TELL_DEPENDENTS,
)

blueprint = df.Blueprint()

PATIENCE = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=6,
    backoff_coefficient=2.0,
)
"""After that, the reconciler begins anew."""
TASKS_A_CALL = 25
RUNS_A_ROUND = 8
ROUNDS_A_GENERATION = 10
"""Then the orchestration continues as new."""


class Debt(TypedDict):
    """A run that has ended, and the Tasks that are still to be told."""

    run: str
    tell: list[str]


class CompleteRunInput(TypedDict):
    """The input of the orchestration as it is started."""

    run: str


@blueprint.orchestration_trigger(context_name="context", orchestration=COMPLETE_RUN)
def complete_run(context: OrchestrationContext, work: dict[str, Any]) -> Generator[Task[Any], Any]:
    """Tell the dependents of a run, and take it off the active ones."""
    debts: list[Debt] | None = work.get("debts")
    if debts is None:
        run = {"run": work["run"]}
        found = yield context.call_activity(FIND_DEPENDENTS, input=run, retry_policy=PATIENCE)
        debts = owed(work["run"], found)
    yield from complete(context, work, debts)


def owed(run: str, verdict: dict[str, Any]) -> list[Debt]:
    """Return what a verdict on a run leaves to be done."""
    tasks = verdict.get("tell")
    return [Debt(run=run, tell=tasks)] if tasks else []


def complete(
    context: OrchestrationContext, work: dict[str, Any], debts: list[Debt]
) -> Generator[Task[Any], Any]:
    """Tell all that depend on some runs, and on the runs that end as they come of it.

    Where there is much to do the orchestration continues as new, with `debts` in its input.
    """
    for _ in range(ROUNDS_A_GENERATION):
        if not debts:
            return
        batch, debts = debts[:RUNS_A_ROUND], debts[RUNS_A_ROUND:]
        answers: list[dict[str, Any]] = yield when_all(
            [
                context.call_activity(
                    TELL_DEPENDENTS,
                    input=Debt(run=debt["run"], tell=list(tasks)),
                    retry_policy=PATIENCE,
                )
                for debt in batch
                for tasks in batched(debt["tell"], TASKS_A_CALL, strict=False)
            ]
        )
        for answer in answers:
            _start(context, answer["starts"])
            debts = debts + answer["debts"]
        runs = {"runs": [debt["run"] for debt in batch]}
        yield context.call_activity(SETTLE_RUNS, input=runs, retry_policy=PATIENCE)
    if debts:
        context.continue_as_new({**work, "debts": debts})


def _start(context: OrchestrationContext, starts: list[dict[str, Any]]) -> None:
    for start in starts:
        dispatcher = EntityInstanceId(DISPATCHER, start["shard"])
        message = {"waiting": start["waiting"], "policies": start["policies"]}
        context.signal_entity(dispatcher, "enqueue", message)
