"""Lists the orchestrations and activities of the app by stored name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orchestrations import names
from orchestrations.activities import (
    abandon_attempt,
    deactivate_runs,
    end_queued_run,
    find_dependents,
    notify_dependents,
    poll_attempt,
    submit_attempt,
)
from orchestrations.complete_run import complete_run
from orchestrations.context import Activity, Orchestration
from orchestrations.end_run import end_run
from orchestrations.task_run import task_run


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableFunctions:
    """The functions that an engine calls, by name."""

    orchestrations: Mapping[str, Orchestration]
    activities: Mapping[str, Activity]
    calling_platforms: Collection[str] = ()
    """The activities that may wait for the answer of a platform or vault."""


DURABLE_FUNCTIONS = DurableFunctions(
    orchestrations={
        names.TASK_RUN: task_run,
        names.END_RUN: end_run,
        names.COMPLETE_RUN: complete_run,
    },
    activities={
        names.SUBMIT: submit_attempt,
        names.POLL: poll_attempt,
        names.ABANDON: abandon_attempt,
        names.END_QUEUED: end_queued_run,
        names.FIND_DEPENDENTS: find_dependents,
        names.NOTIFY_DEPENDENTS: notify_dependents,
        names.DEACTIVATE_RUNS: deactivate_runs,
    },
    calling_platforms=frozenset({names.SUBMIT, names.POLL, names.ABANDON}),
)
