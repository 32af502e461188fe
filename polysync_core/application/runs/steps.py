"""What an activity tells its orchestration to do next."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from polysync_core.domain.dispatch.codec import encode_waiting
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.poll_learning import Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMemo:
    """What one attempt's activities remember from call to call, in the orchestration's history.

    Losing it costs nothing but patience already shown; what must not be lost is on the row.
    """

    looks: int = 0
    """Looks at the platform that found the run still running."""
    failures: int = 0
    """Calls in a row that found nothing out."""
    troubled_since: float | None = None
    """Epoch seconds of the first of these."""
    uncertain: bool = False
    """Whether a submit may have been carried out although nobody said so."""
    stop_sent: float | None = None
    """Epoch seconds at which the platform took the request to stop; asking again does no harm."""
    waited: float = 0.0
    """Seconds for which it was told to wait between looks: it is as old as this at the least,
    whatever the clock says."""
    past: tuple[Ended, ...] | None = None
    """When the last runs of its kind ended; None while that is not known."""

    def troubled(self, now: datetime) -> AttemptMemo:
        """Return the memo after one more call that found nothing out."""
        since = self.troubled_since or now.timestamp()
        return replace(self, failures=self.failures + 1, troubled_since=since)

    def looked(self) -> AttemptMemo:
        """Return the memo after a look that found the run still running."""
        return replace(self, looks=self.looks + 1, failures=0, troubled_since=None)

    def waiting(self, seconds: float) -> AttemptMemo:
        """Return the memo after a wait before the next look."""
        return replace(self, waited=self.waited + seconds)

    def trouble(self, now: datetime) -> timedelta:
        """Return for how long nothing has been found out."""
        return _since(self.troubled_since, now)

    def stopping(self, now: datetime) -> timedelta:
        """Return for how long the platform has known that it should stop the run."""
        return _since(self.stop_sent, now)

    def as_json(self) -> dict[str, Any]:
        """Return the memo as plain JSON."""
        past = None if self.past is None else [[each.by, each.exact] for each in self.past]
        return {**asdict(self), "past": past}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the memo that `as_json` wrote, also by another release."""
        known = {key: value for key, value in data.items() if key in cls.__slots__}
        if known.get("past") is not None:
            known["past"] = tuple(Ended(by=by, exact=exact) for by, exact in known["past"])
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """Either the attempt is done, or it is to be looked at again after a delay."""

    done: bool = False
    submitted: bool = False
    """Whether the platform is known to have the run."""
    after_seconds: float = 0.0
    memo: AttemptMemo = AttemptMemo()
    retry: WaitingRun | None = None
    """The next attempt, where the run goes on with one."""
    notify: tuple[str, ...] = ()
    """The Tasks to notify of a run that has ended."""

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON."""
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


def _since(moment: float | None, now: datetime) -> timedelta:
    return timedelta(seconds=0 if moment is None else now.timestamp() - moment)


DONE = StepResult(done=True)
