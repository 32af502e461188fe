"""Finds the references of a definition to other definitions, and malformed secret references."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.receivers import (
    EmailReceiver,
    SlackReceiver,
    TeamsReceiver,
    WebhookReceiver,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import SecretReference, is_secret_reference

type LocatedReference = tuple[str, Reference]
"""A path in a definition and the reference at that path."""


def references_of(definition: Definition) -> list[LocatedReference]:
    """Return every reference of a definition with its path."""
    found = list(_named(definition))
    for path, text in secret_texts(definition):
        try:
            found.append(
                (path, Reference(Kind.VAULT, SecretReference.parse(text, path=path).vault))
            )
        except Invalid:
            # `malformed_secrets` reports a malformed reference.
            continue
    return found


def malformed_secrets(definition: Definition) -> list[Problem]:
    """Return a problem for every malformed reference to a secret."""
    problems: list[Problem] = []
    for path, text in secret_texts(definition):
        try:
            SecretReference.parse(text, path=path)
        except Invalid as error:
            problems += error.problems
    return problems


def secret_texts(definition: Definition) -> Iterator[tuple[str, str]]:
    """Yield the path and text of every value that starts like a secret reference."""
    content = definition.model_dump(
        mode="json", by_alias=True, exclude={"name", "display_name", "description"}
    )
    return _texts(content, "")


def _named(definition: Definition) -> Iterator[LocatedReference]:
    match definition:
        case Platform():
            yield from _profiles(definition.contention_profiles)
        case Job():
            yield "platform", Reference(Kind.PLATFORM, definition.platform)
        case Task():
            yield from _task_names(definition)
        case Webhook():
            for index, name in enumerate(definition.events.tasks):
                yield f"events.tasks[{index}]", Reference(Kind.TASK, name)
        case TeamsReceiver() | SlackReceiver() | WebhookReceiver() | EmailReceiver():
            for index, name in enumerate(definition.events.tasks):
                yield f"events.tasks[{index}]", Reference(Kind.TASK, name)
            for index, name in enumerate(definition.events.platforms):
                yield f"events.platforms[{index}]", Reference(Kind.PLATFORM, name)
        case _:
            return


def _task_names(task: Task) -> Iterator[LocatedReference]:
    yield "job", Reference(Kind.JOB, task.job)
    yield from _profiles(task.contention_profiles)
    for index, dependency in enumerate(task.dependencies):
        yield f"dependencies[{index}].task", Reference(Kind.TASK, dependency.task)
    for index, schedule in enumerate(task.schedules):
        for number, name in enumerate(schedule.calendars):
            path = f"schedules[{index}].calendars[{number}]"
            yield path, Reference(Kind.CALENDAR, name)


def _profiles(names: tuple[str, ...]) -> Iterator[LocatedReference]:
    for index, name in enumerate(names):
        yield f"contentionProfiles[{index}]", Reference(Kind.CONTENTION_PROFILE, name)


def _texts(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, f"{path}[{index}]")
    elif isinstance(value, str) and is_secret_reference(value):
        yield path, value
