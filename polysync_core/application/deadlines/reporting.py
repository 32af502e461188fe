"""Reports missed and recovered deadlines by marks on runs, events, metrics and logs."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.deadlines.telemetry import record_change
from polysync_core.application.ports import DeadlinePublisher, DeadlineStore
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.deadlines.events import DeadlineEvent
from polysync_core.domain.deadlines.judging import Miss, recovery_sentence
from polysync_core.domain.deadlines.kinds import DeadlineChange
from polysync_core.domain.deadlines.marks import with_mark
from polysync_core.domain.deadlines.state import Decision
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReporter:
    """Executes the stored decisions of checks; every step may be repeated."""

    store: DeadlineStore
    runs: RunStore
    publisher: DeadlinePublisher
    definitions: DefinitionReader

    def execute(self, task: Task, decision: Decision) -> None:
        """Report the findings of a decision: the list and the marks first, then the events."""
        for miss in decision.misses:
            self.store.report(DeadlineReport(task=task.name, miss=miss))
            for run_id in miss.run_ids:
                self._mark(run_id, miss)
        for miss in decision.recovered:
            report = DeadlineReport(task=task.name, miss=miss, recovered_at=decision.at)
            self.store.report(report)
        for change, miss in _changes(decision):
            self.publisher.publish_deadline(self._event(task, change, miss, decision))
            record_change(task, change, miss)

    def _mark(self, run_id: RunId, miss: Miss) -> None:
        try:
            stored = self.runs.read(run_id)
        except NotFound:
            return
        self.runs.update(stored, lambda run: with_mark(run, miss))

    def _event(
        self, task: Task, change: DeadlineChange, miss: Miss, decision: Decision
    ) -> DeadlineEvent:
        is_missed = change is DeadlineChange.MISSED
        return DeadlineEvent(
            event_id=f"deadline/{task.name}/{miss.at:%Y%m%dT%H%M%S}/{miss.kind}/{change}",
            change=change,
            kind=miss.kind,
            task=task.name,
            job=task.job,
            platform=self._platform(task),
            deadline=miss.at,
            at=decision.at,
            scheduled_time=miss.scheduled_time,
            run_id=miss.run_id,
            runs=max(miss.count, len(miss.fires)),
            cause=miss.cause,
            reason=miss.reason if is_missed else recovery_sentence(task, miss),
            tags=task.tags,
        )

    def _platform(self, task: Task) -> str:
        job = self._job(task)
        return "" if job is None else job.platform

    def _job(self, task: Task) -> Job | None:
        try:
            return self.definitions.job(task.job)
        except NotFound:
            return None


def _changes(decision: Decision) -> list[tuple[DeadlineChange, Miss]]:
    return [
        *((DeadlineChange.MISSED, miss) for miss in decision.misses),
        *((DeadlineChange.RECOVERED, miss) for miss in decision.recovered),
    ]
