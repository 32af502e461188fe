"""Recognises renamed schedules of a Task, so that each schedule keeps its stored state."""

from __future__ import annotations

from collections import Counter

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task


def with_identities(definition: Definition, before: Definition | None) -> Definition:
    """Return a Task whose schedules have the identities of those that they continue.

    A schedule without an id continues the one of its name. A new name continues the only removed
    schedule with the same expression and zone.
    """
    if not isinstance(definition, Task):
        return definition
    former = {each.name: each for each in before.schedules} if isinstance(before, Task) else {}
    given = {each.identity for each in definition.schedules if each.id is not None}
    named = {each.name for each in definition.schedules}
    removed = [
        each for each in former.values() if each.name not in named and each.identity not in given
    ]
    schedules: list[Schedule] = []
    for each in definition.schedules:
        identity = each.id or _continued(each, former, removed, definition)
        schedules.append(
            each.model_copy(update={"id": None if identity == each.name else identity})
        )
    taken = Counter(each.identity for each in schedules)
    schedules = [
        _with_free_id(each, taken) if _is_new(each, given, former) else each for each in schedules
    ]
    if tuple(schedules) == definition.schedules:
        return definition
    return definition.model_copy(update={"schedules": tuple(schedules)})


def _continued(
    schedule: Schedule, former: dict[str, Schedule], removed: list[Schedule], task: Task
) -> str:
    """Return the identity that a schedule without an id continues."""
    if schedule.name in former:
        return former[schedule.name].identity
    alike = [each for each in removed if _timing(each) == _timing(schedule)]
    rivals = [
        each
        for each in task.schedules
        if each.id is None and each.name not in former and _timing(each) == _timing(schedule)
    ]
    return alike[0].identity if len(alike) == 1 and len(rivals) == 1 else schedule.name


def _is_new(schedule: Schedule, given: set[str], former: dict[str, Schedule]) -> bool:
    return schedule.id is None and schedule.name not in former and schedule.name not in given


def _with_free_id(schedule: Schedule, taken: Counter[str]) -> Schedule:
    """Return a new schedule with an id that no renamed schedule has."""
    if taken[schedule.identity] < 2:
        return schedule
    numbers = (f"{schedule.name[:58]}-{number}" for number in range(2, len(taken) + 3))
    free = next(each for each in numbers if each not in taken)
    taken[free] += 1
    return schedule.model_copy(update={"id": free})


def _timing(schedule: Schedule) -> tuple[str, str]:
    return schedule.cron, schedule.time_zone
