"""Lists Tasks with Jobs, newest runs and schedule states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from polysync_core.application.ports import RunReader
from polysync_core.application.schedules.service import ScheduleStatus
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.stored import Page, RunHead

_READERS = 8
MAX_SCANNED = 1_000
"""The maximum number of Tasks that one page of a filtered list reads."""
_MAX_STATES = 200
"""The maximum number of Tasks whose schedules are read to find paused ones."""


class TaskState(StrEnum):
    """The states by which Tasks are filtered."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PAUSED = "Paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """A filter of Tasks; an absent part matches every Task."""

    text: str | None = None
    """A part of the name, the display name or the Job's name, in any case."""
    tag: str | None = None
    """A tag's name, or `name=value`."""
    platform: str | None = None
    state: TaskState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A Task of the list."""

    task: Task
    etag: str
    job: Job | None
    schedules: Sequence[ScheduleStatus]
    newest: RunHead | None = None
    """The newest run."""

    @property
    def next_fire_time(self) -> datetime | None:
        """The earliest next fire time of the schedules."""
        times = [each.next_fire_time for each in self.schedules]
        return min((each for each in times if each is not None), default=None)

    @property
    def paused(self) -> Sequence[ScheduleStatus]:
        """The paused schedules."""
        return [each for each in self.schedules if each.paused is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLists:
    """Lists Tasks page by page; the cost of a page does not grow with the number of Tasks."""

    store: DefinitionSource
    runs: RunReader
    schedules: Callable[[str], Sequence[ScheduleStatus]]
    """Returns the states of a Task's schedules."""

    def page(self, wanted: TaskFilter, *, limit: int, token: str | None = None) -> Page[TaskRow]:
        """Return Tasks by name.

        A page of a filtered list may have fewer Tasks than its limit, and still continue.
        """
        reading = _Reading(self, wanted)
        rows: list[TaskRow] = []
        most = _MAX_STATES if wanted.state is TaskState.PAUSED else MAX_SCANNED
        scanned = 0
        while len(rows) < limit and scanned < most:
            found = self.store.page(Kind.TASK, limit=limit - len(rows), token=token)
            scanned += len(found.items)
            rows += reading.matching(found.items)
            token = found.token
            if token is None:
                break
        return Page(items=self._with_newest(rows), continuation_token=token)

    def _with_newest(self, rows: Sequence[TaskRow]) -> list[TaskRow]:
        heads = self.runs.heads([row.task.name for row in rows])
        return [replace(row, newest=heads.get(row.task.name)) for row in rows]


class _Reading:
    """Reads the Jobs and the schedules of one page, each Job once."""

    def __init__(self, lists: TaskLists, wanted: TaskFilter) -> None:
        self._lists = lists
        self._wanted = wanted
        self._jobs: dict[str, Job | None] = {}

    def matching(self, stored: Sequence[StoredDefinition[Definition]]) -> Iterator[TaskRow]:
        """Yield the rows of the Tasks that match."""
        tasks = [
            (each.definition, each.etag)
            for each in stored
            if isinstance(each.definition, Task) and self._matches(each.definition)
        ]
        with ThreadPoolExecutor(_READERS) as pool:
            statuses = list(pool.map(self._statuses, [task for task, _ in tasks]))
        for (task, etag), schedules in zip(tasks, statuses, strict=True):
            row = TaskRow(task=task, etag=etag, job=self._job(task.job), schedules=schedules)
            if self._wanted.state is not TaskState.PAUSED or row.paused:
                yield row

    def _statuses(self, task: Task) -> Sequence[ScheduleStatus]:
        is_shown = task.schedules and task.row.broken is None
        return self._lists.schedules(task.name) if is_shown else ()

    def _matches(self, task: Task) -> bool:
        wanted = self._wanted
        text = (wanted.text or "").lower()
        names = (task.name, task.display_name or "", task.job)
        return (
            any(text in name.lower() for name in names)
            and _has_tag(task, wanted.tag)
            and (wanted.state is None or task.enabled == (wanted.state is not TaskState.DISABLED))
            and (wanted.platform is None or self._platform(task) == wanted.platform)
        )

    def _platform(self, task: Task) -> str | None:
        job = self._job(task.job)
        return None if job is None else job.platform

    def _job(self, name: str) -> Job | None:
        if name not in self._jobs:
            stored = self._lists.store.get(Kind.JOB, name)
            found = None if stored is None else stored.definition
            self._jobs[name] = found if isinstance(found, Job) else None
        return self._jobs[name]


def _has_tag(task: Task, tag: str | None) -> bool:
    if tag is None:
        return True
    name, separator, value = tag.partition("=")
    return name in task.tags and (not separator or task.tags[name] == value)
