"""Defines the problem of an active run: a failed step that is tried again.

A run has at most one problem, the last one. The row keeps it until the next call succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LONGEST_MESSAGE = 600
"""A longer message is cut, so that a row stays small."""


class ProblemStep(StrEnum):
    """The step of a run that failed."""

    START = "Start"
    """The Dispatcher did not receive the run."""
    SUBMIT = "Submit"
    POLL = "Poll"
    CANCEL = "Cancel"
    NOTIFY = "Notify"
    """The dependents of the ended run could not be notified."""


class ProblemKind(StrEnum):
    """The kind of a failure."""

    UNREACHABLE = "Unreachable"
    """A service did not answer, or asked to try again later."""
    UNCERTAIN = "Uncertain"
    """A submit may have arrived, but its answer is missing."""
    REFUSED = "Refused"
    """A service refused the call. A person must correct something."""
    NOT_FOUND = "NotFound"
    """The platform denies that it knows the run."""
    FAULT = "Fault"
    """Polysync itself or its storage failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProblem:
    """A failure that lasts, with its tries."""

    step: ProblemStep
    kind: ProblemKind
    target: str
    """The service that failed, for example `vault team` or `platform lakehouse`."""
    message: str
    """The error of the last try. It holds no secret."""
    since: datetime
    """The first failure in the row."""
    tries: int
    last_try: datetime
    next_try: datetime | None = None
    gives_up: datetime | None = None
    """The time at which Polysync ends the attempt if the problem lasts."""
    not_found_since: datetime | None = None
    """The first denial of the platform since its last report."""

    @property
    def summary(self) -> str:
        """The problem in words, without its tries."""
        prefix = _prefix(self)
        return prefix if self.kind is ProblemKind.NOT_FOUND else f"{prefix}: {self.message}"

    @property
    def text(self) -> str:
        """The problem in words, with its tries and the next times."""
        facts = [f"{self.tries} tries" if self.tries != 1 else "1 try"]
        if self.next_try is not None:
            facts.append(f"next at {short_time(self.next_try)}")
        if self.gives_up is not None:
            facts.append(f"given up at {short_time(self.gives_up)}")
        return f"{self.summary} ({', '.join(facts)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed try, before it becomes the problem of a run."""

    step: ProblemStep
    kind: ProblemKind
    target: str
    message: str


def problem_after(known: RunProblem | None, failure: Failure, *, at: datetime) -> RunProblem:
    """Return the problem after one more failed try.

    The tries are counted anew if another step failed before. The first denial of a platform is
    remembered until the problem ends.
    """
    same = known if known is not None and known.step is failure.step else None
    denied = failure.kind is ProblemKind.NOT_FOUND
    first_denial = same.not_found_since if same is not None else None
    return RunProblem(
        step=failure.step,
        kind=failure.kind,
        target=failure.target,
        message=_bounded(failure.message),
        since=same.since if same is not None else at,
        tries=same.tries + 1 if same is not None else 1,
        last_try=at,
        not_found_since=first_denial or (at if denied else None),
    )


def short_time(moment: datetime) -> str:
    """Return the time of day in UTC, without seconds if they are zero."""
    return f"{moment:%H:%M:%SZ}" if moment.second else f"{moment:%H:%MZ}"


def _prefix(problem: RunProblem) -> str:
    match problem.kind:
        case ProblemKind.FAULT:
            return "Polysync cannot continue"
        case ProblemKind.NOT_FOUND:
            return "the platform does not know the run"
        case ProblemKind.UNCERTAIN:
            return "the platform may have started the run"
        case ProblemKind.REFUSED | ProblemKind.UNREACHABLE:
            return _cannot(problem)


def _cannot(problem: RunProblem) -> str:
    match problem.step:
        case ProblemStep.START:
            return "cannot reach the Dispatcher"
        case ProblemStep.NOTIFY:
            return "cannot notify the dependents"
        case ProblemStep.CANCEL:
            return "cannot ask the platform to stop the run"
        case ProblemStep.POLL if _is_unread(problem):
            return "cannot read the state of the run"
        case ProblemStep.SUBMIT | ProblemStep.POLL:
            return "cannot reach the platform"


def _is_unread(problem: RunProblem) -> bool:
    """Return whether the platform itself is not the cause, or has refused the poll."""
    return problem.kind is ProblemKind.REFUSED or problem.target.startswith("vault ")


def _bounded(message: str) -> str:
    text = message.strip().rstrip(".")
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"
