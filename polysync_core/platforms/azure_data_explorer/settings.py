"""Defines and checks the settings of Jobs that run a Data Explorer command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.definitions.jobs import (
    Direction,
    Job,
    SubmitSettings,
    hidden_character,
)
from polysync_core.domain.errors import Problem
from polysync_core.outbound.attributes import settings_problems

_DATABASE = re.compile(r"[\w .-]{1,260}")
_DECLARATION = re.compile(r"\bdeclare\s+query_parameters\b")


class CommandSettings(SubmitSettings):
    """`settings` of a Job that runs a query or a management command."""

    command: Annotated[str, StringConstraints(pattern=r"\S", max_length=30_000)]
    """The text in the Kusto Query Language; a management command begins with a full stop."""

    @classmethod
    def of(cls, job: Job) -> CommandSettings:
        """Return the settings of a checked Job."""
        return cls.model_validate(job.settings)


def is_query(command: str) -> bool:
    """Return whether a text is a query, which can change nothing."""
    return not command.lstrip().startswith(".")


def check_command(job: Job) -> list[Problem]:
    """Return the problems of a Job's database, command and parameters."""
    problems: list[Problem] = []
    database = job.external_id
    if _DATABASE.fullmatch(database) is None or hidden_character(database) is not None:
        text = "must be the name of a database: letters, digits, spaces and . _ -"
        problems.append(Problem("externalId", text))
    wrong = settings_problems(CommandSettings, job.settings)
    if wrong:
        return [*problems, *wrong]
    return [*problems, *_undeclared(job, set(_declared(CommandSettings.of(job).command)))]


def _undeclared(job: Job, declared: set[str]) -> Iterator[Problem]:
    for index, parameter in enumerate(job.parameters):
        if parameter.direction is not Direction.OUTPUT and parameter.name not in declared:
            text = (
                f"the command does not declare '{parameter.name}': add it to its statement declare"
                " query_parameters(name:type)"
            )
            yield Problem(f"parameters[{index}].name", text)


def _declared(command: str) -> Iterator[str]:
    """Yield the names in the statements that declare query parameters."""
    for found in _DECLARATION.finditer(command):
        statement = command[found.end() :].partition(";")[0]
        for entry in statement.split(","):
            yield entry.partition(":")[0].strip().removeprefix("(").strip()
