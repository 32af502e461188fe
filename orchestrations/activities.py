"""The activities: each is one use case, called at least once, safe to repeat.

What an activity raises ends up in the engine's history with its stack trace, the context of the
exception included. So nothing that an application raised leaves here: it is logged, and a bare
`ActivityFault` takes its place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import azure.durable_functions as df

from orchestrations.complete_run import CompleteRunInput, PendingNotification
from orchestrations.end_run import EndRunInput
from orchestrations.names import (
    DEACTIVATE_RUNS,
    END_QUEUED,
    FIND_DEPENDENTS,
    GIVE_UP,
    LOOK,
    NOTIFY_DEPENDENTS,
    SUBMIT,
)
from polysync_core.application.dependencies.dependent_notifier import Notified
from polysync_core.application.runs.steps import AttemptMemo, StepResult
from polysync_core.composition import services
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.identity import RunId

blueprint = df.Blueprint()
_log = logging.getLogger(__name__)


class AttemptInput(TypedDict):
    """The input of every activity here."""

    run: str
    attempt: int
    memo: dict[str, Any]


class DeactivateInput(TypedDict):
    """The input of `deactivate_runs`."""

    runs: list[str]


class ActivityFault(Exception):
    """An activity could not do its work; the log holds the reason under the run's id."""


@blueprint.activity_trigger(input_name="work", activity=SUBMIT)
def submit_attempt(work: AttemptInput) -> dict[str, Any]:
    """Start an attempt on its platform."""
    execution = services().attempt_steps
    return _guarded(
        work, lambda: execution.submit(RunId(work["run"]), work["attempt"], _memo(work))
    )


@blueprint.activity_trigger(input_name="work", activity=LOOK)
def poll_attempt(work: AttemptInput) -> dict[str, Any]:
    """See how an attempt is getting on."""
    execution = services().attempt_steps
    return _guarded(work, lambda: execution.poll(RunId(work["run"]), work["attempt"], _memo(work)))


@blueprint.activity_trigger(input_name="work", activity=GIVE_UP)
def abandon_attempt(work: AttemptInput) -> dict[str, Any]:
    """End an attempt that our own faults keep from going on."""
    execution = services().attempt_steps
    return _guarded(work, lambda: execution.abandon(RunId(work["run"]), work["attempt"]))


@blueprint.activity_trigger(input_name="work", activity=END_QUEUED)
def end_queued_run(work: EndRunInput) -> dict[str, Any]:
    """End a run that may not wait any longer."""

    finisher = services().run_finisher
    return _guarded(
        work,
        lambda: finisher.fail_queued_run(
            RunId(work["run"]),
            work["attempt"],
            cause=FailureCause(work["cause"]),
            reason=work["reason"],
        ),
    )


@blueprint.activity_trigger(input_name="work", activity=FIND_DEPENDENTS)
def find_dependents(work: CompleteRunInput) -> dict[str, Any]:
    """Find the Tasks to notify of a run."""
    notifier = services().dependent_notifier
    return _guarded(work, lambda: notifier.find_dependents(RunId(work["run"])))


@blueprint.activity_trigger(input_name="work", activity=NOTIFY_DEPENDENTS)
def notify_dependents(work: PendingNotification) -> dict[str, Any]:
    """Notify some Tasks of a run that has ended, and return the runs that result."""
    notifier = services().dependent_notifier
    return _guarded(work, lambda: notifier.notify(RunId(work["run"]), work["notify"]))


@blueprint.activity_trigger(input_name="work", activity=DEACTIVATE_RUNS)
def deactivate_runs(work: DeactivateInput) -> dict[str, Any]:
    """Deactivate runs whose dependents are notified."""
    notifier = services().dependent_notifier
    return _guarded(work, lambda: notifier.deactivate(map(RunId, work["runs"])))


def _memo(work: AttemptInput) -> AttemptMemo:
    return AttemptMemo.from_json(work["memo"])


def _guarded(
    work: Mapping[str, Any], use_case: Callable[[], StepResult | Notified]
) -> dict[str, Any]:
    """Return the answer; a fault is raised outside the `except` block, free of any context."""
    try:
        return use_case().as_json()
    except PolysyncError as error:
        _log.warning(
            "An activity could not do its work.",
            extra={
                "action": "activity_failed",
                "run_id": work.get("run"),
                "kind": type(error).__name__,
                "error": str(error),
            },
        )
    except Exception:
        _log.exception(
            "An activity met a fault.",
            extra={"action": "activity_fault", "run_id": work.get("run")},
        )
    raise ActivityFault("The activity could not do its work; the log holds the reason.")
