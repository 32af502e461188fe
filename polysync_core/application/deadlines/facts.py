"""Reads the runs, pauses and holds that decide whether a deadline was missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.ports import HoldStore, RunReader, ScheduleStore
from polysync_core.domain.deadlines.judging import Facts, Miss, is_met
from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.deadlines.times import Deadline, FireKey
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.schedules.state import occurrence_id

_PAGE = 100
_MAX_PAGES = 3
"""The pages of a Task's newest runs that are read if a run of a fire time did not succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineFacts:
    """Reads the facts about deadlines of one Task.

    A run of a fire time is one point read. The list of the Task's runs is read only if such a run
    does not meet its deadline, because a rerun may.
    """

    runs: RunReader
    schedules: ScheduleStore
    holds: HoldStore
    definitions: DefinitionReader

    def of(self, task: Task, subject: Deadline | Miss) -> Facts:
        """Return the facts about a deadline, or about a missed one."""
        by = subject.at if isinstance(subject, Deadline) else None
        if not subject.fires:
            facts, open_fires = Facts(recent=self._since(task, subject.opened_at)), []
        else:
            facts = Facts(runs=self._runs_of(task, subject.kind, subject.fires, by))
            open_fires = [
                each
                for each in subject.fires
                if not is_met(facts.runs.get(each, ()), subject.kind, by=by)
            ]
        if by is None or (subject.fires and not open_fires):
            return facts
        return replace(facts, paused=self._paused(task, open_fires), holds=self._holds(task))

    def _runs_of(
        self, task: Task, kind: DeadlineKind, fires: Sequence[FireKey], by: datetime | None
    ) -> dict[FireKey, list[TaskRun]]:
        found = {} if task.dependencies else self._own_runs(task, fires)
        missing = [each for each in fires if not is_met(found.get(each, ()), kind, by=by)]
        if not missing:
            return found
        known = {run.run_id for runs in found.values() for run in runs}
        names = {each.identity: each.name for each in task.schedules}
        for run in self._since(task, min(each.scheduled_time for each in missing)):
            for fire in missing:
                if run.run_id not in known and _is_of(run, fire, names):
                    found.setdefault(fire, []).append(run)
        return found

    def _own_runs(self, task: Task, fires: Sequence[FireKey]) -> dict[FireKey, list[TaskRun]]:
        schedules = {each.identity: each for each in task.schedules}
        ids = {
            occurrence_id(task, schedules[each.schedule], each.scheduled_time): each
            for each in fires
            if each.schedule in schedules
        }
        return {ids[stored.run.run_id]: [stored.run] for stored in self.runs.get_many(ids)}

    def _since(self, task: Task, moment: datetime) -> list[TaskRun]:
        """Return the newest runs of a Task since a time; their number is bounded."""
        found = list[TaskRun]()
        listing = Listing(task=task.name, since=moment, limit=_PAGE)
        for _ in range(_MAX_PAGES):
            page = self.runs.page(listing)
            found += page.items
            if page.continuation_token is None:
                break
            listing = replace(listing, continuation_token=page.continuation_token)
        return found

    def _paused(self, task: Task, fires: Iterable[FireKey]) -> dict[str, str]:
        identities = {each.schedule for each in fires}
        if not identities:
            return {}
        states = (each.state for each in self.schedules.of_task(task.name))
        return {
            state.schedule: state.paused.reason
            for state in states
            if state.paused is not None and state.schedule in identities
        }

    def _holds(self, task: Task) -> list[Hold]:
        job = self._job(task)
        platform = "" if job is None else job.platform
        return [hold for hold in self.holds.all() if hold.holds(task.name, platform)]

    def _job(self, task: Task) -> Job | None:
        try:
            return self.definitions.job(task.job)
        except NotFound:
            return None


def _is_of(run: TaskRun, fire: FireKey, names: Mapping[str, str]) -> bool:
    """Return whether a run repeats a fire time; a run of another schedule does not."""
    if run.scheduled_time != fire.scheduled_time:
        return False
    others = {name for identity, name in names.items() if identity != fire.schedule}
    return run.schedule not in others
