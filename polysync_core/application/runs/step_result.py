"""Defines the result of an attempt step, and the memo passed to the next step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from polysync_core.domain.dispatch.codec import encode_waiting
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.polls.learning import RunEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMemo:
    """State of one attempt between activity calls, kept in the orchestration's history.

    A lost memo costs nothing: the problem of the run and all facts of time-outs are on the row.
    """

    polls: int = 0
    """Polls that found the run still running."""
    waited: float = 0.0
    """Seconds of planned waits, a lower bound of the age if the clock is set back."""
    past: tuple[RunEnd, ...] | None = None
    """The durations of past runs; None until they are read."""
    normal: float | None = None
    """The longest normal duration of the attempt in seconds; None without a judgement."""

    def after_poll(self) -> AttemptMemo:
        """Return the memo after a poll that found the run still running."""
        return replace(self, polls=self.polls + 1)

    def after_wait(self, seconds: float) -> AttemptMemo:
        """Return the memo after a wait before the next poll."""
        return replace(self, waited=self.waited + seconds)

    def as_json(self) -> dict[str, Any]:
        """Return the memo as plain JSON."""
        past = None if self.past is None else [[each.by, each.exact] for each in self.past]
        return {**asdict(self), "past": past}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the memo that `as_json` wrote; ignore fields of another release."""
        known = {key: value for key, value in data.items() if key in cls.__slots__}
        if known.get("past") is not None:
            known["past"] = tuple(RunEnd(by=by, exact=exact) for by, exact in known["past"])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The next step of an orchestration: stop, or call again after a delay."""

    done: bool = False
    submitted: bool = False
    """True if the platform is known to have the run."""
    after_seconds: float = 0.0
    memo: AttemptMemo = AttemptMemo()
    retry: WaitingRun | None = None
    """The next attempt of a run that is retried."""
    notify: tuple[str, ...] = ()
    """The dependent Tasks to notify of a run that has ended."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        return {
            "done": self.done,
            "submitted": self.submitted,
            "after": self.after_seconds,
            "memo": self.memo.as_json(),
            "next": self._next(),
            "notify": list(self.notify),
        }

    def _next(self) -> dict[str, Any] | None:
        if self.retry is None:
            return None
        return {"waiting": encode_waiting(self.retry)}


DONE = StepResult(done=True)
