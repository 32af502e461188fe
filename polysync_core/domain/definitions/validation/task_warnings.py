"""Warns about Task settings with unexpected effects, such as time zones and deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.definitions.validation.task_checks import Find
from polysync_core.domain.dependencies.mappings import LIST_TYPES
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import unread_parameters, unread_text
from polysync_core.domain.schedules.cron.description import describe_cron
from polysync_core.domain.schedules.fire_times import count_between
from polysync_core.domain.security.secrets import is_secret_reference
from polysync_core.domain.variables import formats_time

_ANY_MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
_MANY = 50_000


def task_warnings(task: Task, find: Find) -> Iterator[Problem]:
    """Yield the warnings about a Task and the definitions that it refers to."""
    yield from _unread_values(task, find)
    yield from _unclear_zones(task, find)
    yield from _unexpected_effects(task)
    yield from _other_cadences(task, find)
    yield from _lost_values(task, find)
    yield from _deadlines(task)


def _lost_values(task: Task, find: Find) -> Iterator[Problem]:
    """Yield a warning for each input that takes one value of a window."""
    job, own = find(Kind.JOB, task.job), _fires_per_month(task)
    for index, dependency in enumerate(task.dependencies):
        upstream = find(Kind.TASK, dependency.task)
        if dependency.take is not Take.WINDOW or not isinstance(upstream, Task):
            continue
        if not isinstance(job, Job) or _fires_per_month(upstream) <= own:
            continue
        for number, mapping in enumerate(dependency.mappings):
            parameter = job.parameter(mapping.input)
            if parameter is not None and parameter.data_type not in LIST_TYPES:
                yield Problem(
                    f"dependencies[{index}].mappings[{number}].input",
                    f"takes only the newest value of the window: give '{mapping.input}' the type "
                    "Json or JsonArray for the list of all values",
                )


def _deadlines(task: Task) -> Iterator[Problem]:
    """Yield a warning for each deadline that is missed every day, or never."""
    expect = task.expect
    if expect is None:
        return
    starts = task.schedules or task.dependencies or task.arrivals
    if expect.finished_by is not None and not starts:
        yield Problem(
            "expect.finishedBy",
            "nothing starts the task, so each day without a successful run is reported: add a "
            "schedule or a dependency, or start the task by messages",
        )
    limit, timeout = expect.duration_within, task.execution_timeout_seconds
    if isinstance(limit, int) and timeout is not None and limit >= timeout:
        yield Problem(
            "expect.durationWithin",
            f"is never reached, because executionTimeoutSeconds ends an attempt after {timeout} "
            "seconds: set a shorter duration",
        )


def _other_cadences(task: Task, find: Find) -> Iterator[Problem]:
    """Yield a warning for each upstream that fires more or less often than the Task."""
    own = _fires_per_month(task)
    for index, dependency in enumerate(task.dependencies):
        upstream = find(Kind.TASK, dependency.task)
        if dependency.take is not Take.EACH or not isinstance(upstream, Task):
            continue
        other = _fires_per_month(upstream)
        if own and other and own != other:
            yield Problem(
                f"dependencies[{index}].take",
                f"task '{upstream.name}' fires {other} times in 28 days and this task {own} times, "
                "but each outcome starts one run: set take to Newest or Window",
            )


def _fires_per_month(task: Task) -> int:
    """Return the number of fire times in 28 days, up to `_MANY` for each schedule."""
    return sum(
        count_between(
            schedule.model_copy(update={"start_at": None, "end_at": None}),
            after=_ANY_MONDAY,
            until=_ANY_MONDAY + timedelta(days=28),
            most=_MANY,
        )
        for schedule in task.schedules
        if schedule.enabled
    )


def _unread_values(task: Task, find: Find) -> Iterator[Problem]:
    """Yield a warning for each value that the artefact of the Job no longer reads."""
    job = find(Kind.JOB, task.job)
    if not isinstance(job, Job):
        return
    for path, name in _given(task):
        if unread_parameters(job, [name]):
            yield Problem(path, unread_text(job, name))


def _given(task: Task) -> Iterator[tuple[str, str]]:
    """Yield the path and the parameter of each value and mapping of a Task."""
    for name in task.parameters:
        yield f"parameters.{name}", name
    for index, schedule in enumerate(task.schedules):
        for name in schedule.parameters:
            yield f"schedules[{index}].parameters.{name}", name
    for index, arrival in enumerate(task.arrivals):
        for name in arrival.parameters:
            yield f"arrivals[{index}].parameters.{name}", name
    for index, dependency in enumerate(task.dependencies):
        for number, mapping in enumerate(dependency.mappings):
            yield f"dependencies[{index}].mappings[{number}].input", mapping.input


def _unclear_zones(task: Task, find: Find) -> Iterator[Problem]:
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


def _unexpected_effects(task: Task) -> Iterator[Problem]:
    """Yield a warning for each unexpected effect of a cron expression."""
    for index, schedule in enumerate(task.schedules):
        for warning in describe_cron(schedule.cron).warnings:
            yield Problem(f"schedules[{index}].cron", warning)
