"""Records a problem, cancellation, time-out or stop request on an active run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from polysync_core.domain.runs.failures.problem import (
    Failure,
    ProblemStep,
    problem_after,
    short_time,
)
from polysync_core.domain.runs.run import (
    SYSTEM_ACTOR,
    ProblemChange,
    TaskRun,
    note,
    with_attempt,
    with_entry,
)

MAX_PROBLEM_NOTES = 20
"""The maximum number of notes about problems in the history of a run.

A service that fails again and again must not let the row grow.
"""


def with_failure(
    run: TaskRun,
    failure: Failure,
    *,
    at: datetime,
    next_try: datetime | None = None,
    gives_up: datetime | None = None,
) -> TaskRun:
    """Return the run after a failed try; a note records the beginning of the problem."""
    problem = replace(
        problem_after(run.problem, failure, at=at), next_try=next_try, gives_up=gives_up
    )
    changed = replace(run, problem=problem)
    if run.problem is not None:
        return changed
    return _noted(changed, _sentence(problem.summary), ProblemChange.BEGINS, at)


def without_problem(run: TaskRun, *steps: ProblemStep, at: datetime) -> TaskRun:
    """Return the run after one of these steps succeeded; a note records the end of its problem."""
    problem = run.problem
    if problem is None or problem.step not in steps:
        return run
    tries = "1 try" if problem.tries == 1 else f"{problem.tries} tries"
    reason = f"The problem is over after {tries} since {short_time(problem.since)}."
    return _noted(replace(run, problem=None), reason, ProblemChange.ENDS, at)


def request_cancel(run: TaskRun, *, at: datetime, actor: str) -> TaskRun:
    """Record a request to cancel; the run ends when its platform reports the end."""
    reason = f"Stopping since {short_time(at)}: its cancellation was requested."
    asked = replace(run, cancel_requested=at, reason=reason)
    return note(asked, "Cancellation was requested.", at=at, actor=actor)


def time_out(run: TaskRun, *, at: datetime, actor: str) -> TaskRun:
    """Record that the attempt timed out; the run ends when its platform reports the end."""
    attempt = run.attempt
    if attempt is None or attempt.timed_out is not None:
        return run
    reason = (
        f"The execution time-out of {run.execution_timeout_seconds} seconds is over; "
        "the platform is asked to stop."
    )
    timed_out = replace(
        with_attempt(run, replace(attempt, timed_out=at)),
        reason=f"Stopping since {short_time(at)}: {reason[0].lower()}{reason[1:]}",
    )
    return note(timed_out, reason, at=at, actor=actor)


def with_stop_tried(run: TaskRun, *, at: datetime, accepted: bool) -> TaskRun:
    """Record that the platform was asked to stop the attempt, and whether it accepted that."""
    attempt = run.attempt
    if attempt is None:
        return run
    accepted_at = attempt.stop_accepted or (at if accepted else None)
    return with_attempt(
        run,
        replace(attempt, stop_tried=attempt.stop_tried or at, stop_accepted=accepted_at),
    )


def is_to_stop(run: TaskRun) -> bool:
    """Return whether the attempt under way was cancelled or timed out."""
    attempt = run.attempt
    return run.cancel_requested is not None or (
        attempt is not None and attempt.timed_out is not None
    )


def status_text(run: TaskRun) -> str:
    """Return the reason of the status at present: the problem if there is one."""
    if run.problem is None or run.status.is_terminal:
        return run.reason
    return _sentence(run.problem.text)


def time_in_run(moment: datetime, run: TaskRun) -> str:
    """Return a time of day; a date is added after the run's first day."""
    if moment.date() == run.queued_at.date():
        return short_time(moment)
    return f"{moment:%Y-%m-%d} {short_time(moment)}"


def _noted(run: TaskRun, reason: str, change: ProblemChange, at: datetime) -> TaskRun:
    # The last line of an ended run is its end.
    if run.status.is_terminal or run.problem_notes >= MAX_PROBLEM_NOTES:
        return run
    counted = replace(run, problem_notes=run.problem_notes + 1)
    if counted.problem_notes == MAX_PROBLEM_NOTES:
        reason = f"{reason} The history lists no further problems of this run."
    noted = with_entry(counted, run.status, reason, at=at, actor=SYSTEM_ACTOR)
    *earlier, last = noted.history
    return replace(noted, history=(*earlier, replace(last, problem=change)))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
