"""Groups the shared dependencies of the attempt steps: store, connectors, clock and time-outs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polysync_core.application.deadlines.telemetry import record_slow_run
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.finishing import AttemptRecorder
from polysync_core.application.runs.poll_planner import PollPlanner
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.deadlines.marks import slow_at, with_slow_mark
from polysync_core.domain.runs.failures.problem import Failure
from polysync_core.domain.runs.interruptions import with_failure
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun

SUBMIT_TIMEOUT = timedelta(minutes=15)
"""The maximum time for retries of a submit without an answer, from the first try."""
CANCEL_TIMEOUT = timedelta(minutes=5)
"""The maximum time for a platform to stop a run, from the first request to stop."""
LOST_TIMEOUT = timedelta(minutes=2)
"""The maximum time for which a platform may not find an accepted run; then the run is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The limits on failing calls."""

    submit: timedelta = SUBMIT_TIMEOUT
    cancel: timedelta = CANCEL_TIMEOUT
    lost: timedelta = LOST_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptServices:
    """The services that the steps of an attempt share."""

    store: RunStore
    recorder: AttemptRecorder
    connections: Connections
    planner: PollPlanner
    clock: Clock
    timeouts: Timeouts = field(default_factory=Timeouts)

    def record_failure(
        self, stored: StoredRun, failure: Failure, *, delay: float, gives_up: datetime | None
    ) -> StoredRun:
        """Write a failed try to the row of a run whose attempt is under way."""
        number, now = len(stored.run.attempts), self.clock()

        def change(run: TaskRun) -> TaskRun | None:
            if not run.carries(number):
                return None
            next_try = now + timedelta(seconds=delay)
            return with_failure(run, failure, at=now, next_try=next_try, gives_up=gives_up)

        return self.store.update(stored, change)

    def with_slow_mark(
        self,
        stored: StoredRun,
        normal: float | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> StoredRun:
        """Mark a run whose attempt takes longer than normal; any other one costs no write.

        `until` is the end of an attempt that has ended.
        """
        now, deadline = self.clock(), slow_at(stored.run, normal, since=since)
        if deadline is None or normal is None or min(until or now, now) < deadline:
            return stored
        number = len(stored.run.attempts)

        def change(run: TaskRun) -> TaskRun | None:
            return with_slow_mark(run, deadline, normal, at=now) if run.carries(number) else None

        updated = self.store.try_update(stored, change)
        if updated.is_written:
            record_slow_run(updated.stored.run, deadline)
        return updated.stored

    def plan_poll(self, run: TaskRun, memo: AttemptMemo, retry_after: float | None) -> StepResult:
        """Poll again when the poll plan says so."""
        delay, memo = self.planner.next_delay(run, memo, retry_after=retry_after)
        return self.poll_after(run, delay, memo)

    def poll_after(self, run: TaskRun, delay: float, memo: AttemptMemo) -> StepResult:
        """Poll again after a delay, or at an earlier time-out or deadline."""
        for moment in (run.times_out_at, slow_at(run, memo.normal)):
            if moment is not None and moment > self.clock():
                delay = min(delay, (moment - self.clock()).total_seconds())
        return StepResult(submitted=True, after_seconds=delay, memo=memo.after_wait(delay))
