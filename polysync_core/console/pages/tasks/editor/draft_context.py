"""Gives the tabs of the Task editor the draft's Job, platform and use cases."""

from __future__ import annotations

from datetime import datetime

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.graph_view import TaskGraphs
from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.application.schedules.schedule_preview import SchedulePreviews
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.forms.raw import RawObject
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform


def job_of(state: EditorPage) -> Job | None:
    """Return the Job of a draft; None if it is not chosen or not known."""
    return state.services.job(state.view.text("job"))


def platform_of(state: EditorPage) -> Platform | None:
    """Return the Platform of a draft's Job."""
    job = job_of(state)
    return None if job is None else state.services.platform(job.platform)


def rows_of(state: EditorPage, path: str) -> list[RawObject]:
    """Return the raw rows of a list of objects."""
    rows = state.view.value(path)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def used[T](state: EditorPage, kind: type[T]) -> T:
    """Return a use case of the app."""
    return state.request.app.state.use_cases[kind]


def runs(state: EditorPage) -> TaskRuns:
    """Return the use case that reads runs."""
    return used(state, TaskRuns)


def graphs(state: EditorPage) -> TaskGraphs:
    """Return the use case that reads graphs."""
    return used(state, TaskGraphs)


def previews(state: EditorPage) -> SchedulePreviews:
    """Return the use case that previews schedules."""
    return used(state, SchedulePreviews)


def schedule_service(state: EditorPage) -> ScheduleService:
    """Return the use case that reads the states of schedules."""
    return used(state, ScheduleService)


def limit_usage(state: EditorPage) -> LimitUsage:
    """Return the use case that reads the usage of contention profiles."""
    return used(state, LimitUsage)


def follower_count(state: EditorPage, *, most: int) -> int:
    """Return the number of Tasks that start after a stored Task."""
    name = state.name
    return 0 if name is None else used(state, TaskGraphCache).descendant_count(name, most=most)


def now(state: EditorPage) -> datetime:
    """Return the present time of the app."""
    return previews(state).clock()


def text_in(row: RawObject, name: str) -> str:
    """Return the text of a field of a row; empty if it has none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""
