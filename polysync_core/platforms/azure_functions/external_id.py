"""Parses the external ids of functions and orchestrators, and checks function Jobs.

| external id | artefact |
|---|---|
| `Report` | the HTTP function with this name, at the route of its name |
| `Report/users/{id}` | the same function at another route |
| `orchestrator:Nightly` | the orchestrator with this name, called through Durable Functions' API |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.platforms.azure_functions.routes import Route
from polysync_core.platforms.http_functions.parameters import (
    HTTP_METHOD,
    QUERY_STRING,
    check_placement,
)

_PATH = "externalId"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
_ORCHESTRATOR = "orchestrator:"


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """An HTTP function and its route."""

    function: str
    route: Route


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """An orchestrator of Durable Functions."""

    function: str


type Target = HttpTarget | Orchestrator


def read_target(external_id: str) -> Target:
    """Return the target of an external id; raise `Invalid`."""
    if external_id.startswith(_ORCHESTRATOR):
        return Orchestrator(_name(external_id.removeprefix(_ORCHESTRATOR)))
    name, _, route = external_id.partition("/")
    function = _name(name)
    if route == "" and external_id != name:
        raise Invalid.at(_PATH, "the route after the slash is missing: add it or remove the slash")
    return HttpTarget(function, Route.parse(route or function, path=_PATH))


def external_id_of(function: str, route: str | None, *, is_orchestrator: bool) -> str:
    """Return the external id of a function."""
    if is_orchestrator:
        return f"{_ORCHESTRATOR}{function}"
    route = (route or "").strip("/")
    # The default route of a function is its name; the case is ignored.
    return f"{function}/{route}" if route and route.casefold() != function.casefold() else function


def check_function_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs a function."""
    problems = check_placement(job)
    try:
        target = read_target(job.external_id)
    except Invalid as error:
        return [*error.problems, *problems]
    if isinstance(target, Orchestrator):
        return problems + _misplaced(job)
    given = {each.name for each in job.parameters if each.direction is not Direction.OUTPUT}
    problems += [
        Problem(
            _PATH, f"the route needs {{{each.name}}}: add a parameter with this name to the job"
        )
        for each in target.route.placeholders
        if not each.optional and each.name not in given
    ]
    return problems


def _misplaced(job: Job) -> list[Problem]:
    """Return the problems of an orchestrator's Job; an orchestrator takes one JSON value."""
    remedy = "an orchestrator is started by a POST with its input only: remove it"
    problems = [Problem(f"settings.{HTTP_METHOD}", remedy)] if HTTP_METHOD in job.settings else []
    problems += [
        Problem(f"parameters[{index}].name", remedy)
        for index, each in enumerate(job.parameters)
        if each.name == QUERY_STRING and each.direction is not Direction.OUTPUT
    ]
    return problems


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise Invalid.at(
            _PATH,
            "must be a function name (a letter, then letters, digits, '-' and '_'), such as Report,"
            " Report/users/{id} or orchestrator:Nightly",
        )
    return text
