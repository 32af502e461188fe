"""Records each submit in the run's row before sending, unless the run was cancelled.

The write is the last step before the first request. It fails if the run was cancelled, or if
another execution of the same step has sent a submit. So nothing is sent for a cancelled run, and
the row always says whether the platform may know the attempt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from polysync_core.application.runs.finishing import ACTOR
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError, TooLarge
from polysync_core.domain.runs.failures.problem import ProblemStep
from polysync_core.domain.runs.interruptions import without_problem
from polysync_core.domain.runs.parameters.values import with_values
from polysync_core.domain.runs.run import TaskRun, begin_attempt, with_attempt
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.platforms.send_observer import Withheld


@dataclass(slots=True, kw_only=True)
class SendGuard:
    """Observes the requests of one submit."""

    store: RunStore
    clock: Clock
    stored: StoredRun
    """The newest known version of the run."""
    attempt: int
    begun_at: datetime
    is_resend: bool
    """True if the request was built for an attempt that may have been sent before."""
    is_announced: bool = False
    """True if this submit is written ahead."""
    open_sends: int = 0
    """The number of requests that may have had an effect."""
    fault: PolysyncError | None = None
    """The failure of the storage, which is not one of the platform."""

    def before_send(self) -> None:
        """Write ahead of the first request; check the run before each further one."""
        if not self._may_send():
            raise Withheld
        self.open_sends += 1

    def not_arrived(self) -> None:
        """Record that the last reported request had no effect."""
        self.open_sends -= 1

    @property
    def is_unsent(self) -> bool:
        """Return whether no request of this submit may have had an effect."""
        return self.open_sends == 0

    def _may_send(self) -> bool:
        try:
            return self._is_still_wanted() if self.is_announced else self._announce()
        except PolysyncError as error:
            self.fault = error
            return False

    def _announce(self) -> bool:
        try:
            updated = self.store.try_update(self.stored, self._with_send)
        except TooLarge:
            # The row has no room for the values of the attempt.
            updated = self.store.try_update(self.stored, partial(self._with_send, keep=False))
        self.stored = updated.stored
        self.is_announced = updated.is_written
        return updated.is_written

    def _with_send(self, run: TaskRun, *, keep: bool = True) -> TaskRun | None:
        """Count the request that is about to be sent, and record its values."""
        if run.is_queued_for(self.attempt) and not self.is_resend:
            now = self.clock()
            begun = begin_attempt(run, at=now, actor=ACTOR, begun_at=self.begun_at)
            return with_values(without_problem(begun, ProblemStep.START, at=now), keep=keep)
        current = run.attempt
        if current is None or not run.carries(self.attempt) or run.cancel_requested is not None:
            return None
        if current.external_run_id is not None or current.may_be_sent != self.is_resend:
            return None
        sent = with_attempt(run, replace(current, sends=current.sends + 1))
        return with_values(sent, keep=keep)

    def _is_still_wanted(self) -> bool:
        self.stored = self.store.read(self.stored.run.run_id)
        run = self.stored.run
        return run.carries(self.attempt) and run.cancel_requested is None
