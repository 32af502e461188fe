"""Defines the Durable Functions activities; each calls one use case and may be repeated.

The engine stores an activity's exception with its stack trace and context. These may hold secrets,
so every exception is logged here and replaced by a bare `ActivityFault`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict

from orchestrations.complete_run import CompleteRunInput, PendingNotification
from orchestrations.end_run import EndRunInput
from polysync_core.application.dependencies.dependent_notifier import Notified
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.composition import services
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.polls.plans import delay_after_fault

_log = logging.getLogger(__name__)


class AttemptInput(TypedDict):
    """The input of every activity here."""

    run: str
    attempt: int
    memo: dict[str, Any]
    faults: NotRequired[int]
    """The number of faults in a row before this call; absent for none."""


class DeactivateInput(TypedDict):
    """The input of `deactivate_runs`."""

    runs: list[str]


class ActivityFault(Exception):
    """An activity failed; the log holds the reason under the run's id."""


def submit_attempt(work: AttemptInput) -> dict[str, Any]:
    """Start an attempt on its platform."""
    attempts = services().attempt_steps
    return _guarded(
        work,
        lambda: attempts.submit(RunId(work["run"]), work["attempt"], _memo(work)),
        record=lambda fault: _record_fault(work, fault),
    )


def poll_attempt(work: AttemptInput) -> dict[str, Any]:
    """Poll an attempt on its platform."""
    attempts = services().attempt_steps
    return _guarded(
        work,
        lambda: attempts.poll(RunId(work["run"]), work["attempt"], _memo(work)),
        record=lambda fault: _record_fault(work, fault),
    )


def abandon_attempt(work: AttemptInput) -> dict[str, Any]:
    """End an attempt after too many faults of Polysync itself."""
    attempts = services().attempt_steps
    return _guarded(work, lambda: attempts.abandon(RunId(work["run"]), work["attempt"]))


def end_queued_run(work: EndRunInput) -> dict[str, Any]:
    """Fail a run that was rejected or waited too long."""
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


def find_dependents(work: CompleteRunInput) -> dict[str, Any]:
    """Find the Tasks to notify of a run."""
    notifier = services().dependent_notifier
    return _guarded(work, lambda: notifier.find_dependents(RunId(work["run"])))


def notify_dependents(work: PendingNotification) -> dict[str, Any]:
    """Notify some Tasks of a run that has ended, and return the runs that result."""
    notifier = services().dependent_notifier
    run_id = RunId(work["run"])
    return _guarded(
        work,
        lambda: notifier.notify(run_id, work["notify"]),
        record=lambda fault: notifier.record_fault(run_id, fault),
    )


def deactivate_runs(work: DeactivateInput) -> dict[str, Any]:
    """Deactivate runs whose dependents are notified."""
    notifier = services().dependent_notifier
    return _guarded(work, lambda: notifier.deactivate(map(RunId, work["runs"])))


def _memo(work: AttemptInput) -> AttemptMemo:
    return AttemptMemo.from_json(work["memo"])


def _record_fault(work: AttemptInput, fault: str) -> None:
    attempts = services().attempt_steps
    delay = delay_after_fault(work.get("faults", 0) + 1)
    attempts.record_fault(RunId(work["run"]), work["attempt"], fault, delay=delay)


def _guarded(
    work: Mapping[str, Any],
    use_case: Callable[[], StepResult | Notified],
    *,
    record: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Return the result as JSON, or raise an `ActivityFault` without any context.

    `record` writes the fault to the run, if the storage works.
    """
    try:
        return use_case().as_json()
    except PolysyncError as error:
        fault = str(error)
        _log.warning(
            "An activity failed.",
            extra={
                "action": "activity_failed",
                "run_id": work.get("run"),
                "kind": type(error).__name__,
                "error": str(error),
            },
        )
    except Exception as error:
        # The text of an unexpected exception may hold a secret.
        fault = f"an unexpected fault ({type(error).__name__}); the log holds the reason"
        _log.exception(
            "An activity met an unexpected fault.",
            extra={"action": "activity_fault", "run_id": work.get("run")},
        )
    if record is not None:
        _record(record, fault, work)
    raise ActivityFault("The activity failed; the log holds the reason.")


def _record(record: Callable[[str], None], fault: str, work: Mapping[str, Any]) -> None:
    try:
        record(fault)
    except Exception as error:
        # The same fault may keep the row from being written. The next step tries again.
        _log.warning(
            "A fault could not be written to its run.",
            extra={
                "action": "fault_unrecorded",
                "run_id": work.get("run"),
                "kind": type(error).__name__,
            },
        )
