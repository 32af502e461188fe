"""What a definition refers to."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import SecretReference, is_secret_reference

type Place = tuple[str, Reference]
"""A path in the definition and what it names."""


def references_of(definition: Definition) -> list[Place]:
    """Return everything that a definition refers to, with the place where it does."""
    found = list(_named(definition))
    for path, text in secret_texts(definition):
        try:
            found.append(
                (path, Reference(Kind.VAULT, SecretReference.parse(text, path=path).vault))
            )
        except Invalid:
            # A reference that is not well formed names nothing; `malformed_secrets` tells of it.
            continue
    return found


def malformed_secrets(definition: Definition) -> list[Problem]:
    """Return a problem for every text that begins as a reference to a secret and is none."""
    problems: list[Problem] = []
    for path, text in secret_texts(definition):
        try:
            SecretReference.parse(text, path=path)
        except Invalid as error:
            problems += error.problems
    return problems


def secret_texts(definition: Definition) -> Iterator[tuple[str, str]]:
    """Yield the place and text of everything that begins as a reference to a secret."""
    content = definition.model_dump(
        mode="json", by_alias=True, exclude={"name", "display_name", "description"}
    )
    return _texts(content, "")


def _named(definition: Definition) -> Iterator[Place]:
    match definition:
        case Platform():
            yield from _profiles(definition.contention_profiles)
        case Job():
            yield "platform", Reference(Kind.PLATFORM, definition.platform)
        case Task():
            yield from _task_names(definition)
        case Webhook():
            for place, name in enumerate(definition.events.tasks):
                yield f"events.tasks[{place}]", Reference(Kind.TASK, name)
        case _:
            return


def _task_names(task: Task) -> Iterator[Place]:
    yield "job", Reference(Kind.JOB, task.job)
    yield from _profiles(task.contention_profiles)
    for place, dependency in enumerate(task.dependencies):
        yield f"dependencies[{place}].task", Reference(Kind.TASK, dependency.task)
    for place, schedule in enumerate(task.schedules):
        for number, name in enumerate(schedule.calendars):
            path = f"schedules[{place}].calendars[{number}]"
            yield path, Reference(Kind.CALENDAR, name)


def _profiles(names: tuple[str, ...]) -> Iterator[Place]:
    for place, name in enumerate(names):
        yield f"contentionProfiles[{place}]", Reference(Kind.CONTENTION_PROFILE, name)


def _texts(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _texts(each, f"{path}[{place}]")
    elif isinstance(value, str) and is_secret_reference(value):
        yield path, value
