"""Rejects requests that contain an unknown or a repeated query parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.errors import Invalid, Problem

_MAX_SHOWN = 10
"""The maximum number of parameters that an answer names."""
_MAX_NAME = 100
"""The longest name in an answer, in characters."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Raise `Invalid` if a query parameter is unknown, or given twice without being a list."""
    if not request.query_params:
        return
    known = _parameters(request.scope["route"])
    given = Counter(name for name, _ in request.query_params.multi_items())
    problems = (
        _problem(name, count, known)
        for name, count in given.items()
        if name not in known or (count > 1 and not known[name])
    )
    found = list(islice(problems, _MAX_SHOWN))
    if found:
        raise Invalid(found)


def _problem(name: str, count: int, known: Mapping[str, bool]) -> Problem:
    if name in known:
        return Problem(name, f"is given {count} times: give it once")
    listed = f" (known here: {', '.join(sorted(known))})" if known else ""
    hint = nearest(name[:_MAX_NAME], known) or listed
    return Problem(name[:_MAX_NAME], f"is not a query parameter of this path{hint}")


def _parameters(route: APIRoute) -> Mapping[str, bool]:
    """Return the query parameters of a route; the value is true for a list."""
    return dict(_parameters_of(route.dependant))


def _parameters_of(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    for field in dependant.query_params:
        yield field.alias, _is_list(field.field_info)
    for each in dependant.dependencies:
        yield from _parameters_of(each)


def _is_list(field: FieldInfo) -> bool:
    return "list[" in str(field.annotation)
