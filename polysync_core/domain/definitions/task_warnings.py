"""Warns about Tasks that are valid, and that may still do something unexpected."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.task_checks import Find
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import is_secret_reference
from polysync_core.domain.variables import formats_time


def task_warnings(task: Task, find: Find) -> Iterator[Problem]:
    """Yield a warning for each value whose time zone depends on the trigger."""
    zones = sorted({schedule.time_zone for schedule in task.schedules})
    if task.time_zone is not None or len(zones) < 2:
        return
    message = (
        f"is in the zone of the schedule that starts a run ({', '.join(zones)}), "
        "and in UTC for every other start: set timeZone of the task"
    )
    for name in _formatted(task, find):
        yield Problem(f"parameters.{name}", message)


def _formatted(task: Task, find: Find) -> Iterator[str]:
    """Yield the parameters of a Task whose values are formatted times."""
    job = find(Kind.JOB, task.job)
    defaults: dict[str, JsonValue] = {}
    if isinstance(job, Job):
        defaults = {each.name: each.default for each in job.parameters}
    for name, value in {**defaults, **task.parameters}.items():
        if isinstance(value, str) and not is_secret_reference(value) and formats_time(value):
            yield name
