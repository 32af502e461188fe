"""When an attempt is looked at next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.durations import DurationHistory, ended
from polysync_core.application.runs.steps import AttemptMemo
from polysync_core.domain.clock import Clock
from polysync_core.domain.runs.poll_learning import learned
from polysync_core.domain.runs.polling import at_least
from polysync_core.domain.runs.run import TaskRun
from polysync_core.platforms.connector import ProviderStatus, Report

_WORTH_READING = 2.0
"""The age from which the past is read if it is not known: the looks that this saves a run which is
shorter are not worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPlanner:
    """Plans looks by the job type, and by how long the last runs of the Task took."""

    connections: Connections
    durations: DurationHistory
    clock: Clock

    def next(
        self, run: TaskRun, memo: AttemptMemo, *, wish: float | None
    ) -> tuple[float, AttemptMemo]:
        """Return the delay before the next look at a run under way, at least what its platform
        wishes for, and the memo with what it is based on."""
        age, past = self._age(run, memo), memo.past
        if past is None:
            settled = age >= _WORTH_READING
            past = self.durations.of(run, read=settled)
            # What is known without reading may be old, or of too few runs: it does for a start.
            memo = replace(memo, past=past if settled else None)
        plan = learned(self.connections.plan(run.job), past or ())
        return at_least(plan.delay(age), wish), memo

    def learn(self, run: TaskRun, report: Report) -> None:
        """Take the end of the attempt under way into account for the next runs."""
        attempt = run.attempt
        if attempt is not None and report.status is ProviderStatus.SUCCESS:
            end = ended(attempt.submitted_at, report.finished_at, self.clock())
            self.durations.note(run, end)

    def _age(self, run: TaskRun, memo: AttemptMemo) -> float:
        """Return the seconds since the submit, which a clock that was set back does not make less
        than they must be."""
        attempt = run.attempt
        if attempt is None or attempt.submitted_at is None:
            return memo.waited
        return max((self.clock() - attempt.submitted_at).total_seconds(), memo.waited)
