"""Builds the query and body of a function call from the parameter values.

| method | values |
|---|---|
| `POST` `PUT` `PATCH` | the properties of a JSON object, each with its data type |
| `GET` `HEAD` `DELETE` | the query, as texts |

A parameter named `RequestBody` is the whole body; the other parameters then go into the query. The
pairs of a parameter named `QueryString` are appended to the query in their order.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, SubmitSettings
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.connector import SubmitRequest
from polysync_core.platforms.values import as_json, as_texts, value_as_text

HTTP_METHOD = "httpMethod"
REQUEST_BODY = "RequestBody"
QUERY_STRING = "QueryString"

_RESERVED = frozenset({REQUEST_BODY, QUERY_STRING})
_LISTS = frozenset({DataType.JSON, DataType.JSON_ARRAY})
_PAIRS = 'must be a list of {"name": …, "value": …}, with a text as name and a scalar as value'


class HttpMethod(StrEnum):
    """The HTTP methods for a function call."""

    POST = "POST"
    GET = "GET"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    HEAD = "HEAD"

    @property
    def has_body(self) -> bool:
        """True if the values are sent in the body."""
        return self in {self.POST, self.PUT, self.PATCH}


class FunctionSettings(SubmitSettings):
    """`settings` of a Job that calls an HTTP function."""

    http_method: HttpMethod = HttpMethod.POST
    """The method of the call; `POST`, `PUT` and `PATCH` send the values in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """The query and the body of a call."""

    query: tuple[tuple[str, str], ...] = ()
    body: JsonValue = None
    text: str | None = None
    """A body that is sent unchanged, not as JSON."""

    @property
    def headers(self) -> dict[str, str]:
        """The content type of a text body; empty for JSON."""
        if self.text is None:
            return {}
        kind = "application/json" if _is_json(self.text) else "text/plain"
        return {"Content-Type": f"{kind}; charset=utf-8"}


def method_of(job: Job) -> HttpMethod:
    """Return the HTTP method of a checked Job."""
    return HttpMethod(str(job.settings.get(HTTP_METHOD, HttpMethod.POST)))


def check_placement(job: Job) -> list[Problem]:
    """Return the problems of a Job's settings and reserved parameters."""
    known = set(HttpMethod)
    given = job.settings.get(HTTP_METHOD, HttpMethod.POST)
    problems = settings_problems(FunctionSettings, job.settings)
    for index, parameter in enumerate(job.parameters):
        if parameter.direction is Direction.OUTPUT:
            continue
        if parameter.name == QUERY_STRING and parameter.data_type not in _LISTS:
            path = f"parameters[{index}].dataType"
            problems.append(Problem(path, f"must be JsonArray, because {QUERY_STRING} {_PAIRS}"))
        if parameter.name == REQUEST_BODY and given in known and not HttpMethod(given).has_body:
            message = f"a {given} has no body: set {HTTP_METHOD} to POST, PUT or PATCH"
            problems.append(Problem(f"parameters[{index}].name", message))
    return problems


def build_request_parts(
    request: SubmitRequest, method: HttpMethod, *, excluded: Collection[str] = ()
) -> RequestParts:
    """Return the query and the body for a request's values, without the `excluded` ones.

    Raises `PlatformRefused` (cause `Parameters`) if a value cannot be sent.
    """
    schema = request.job.parameters
    tokens = as_json(request.parameters, schema)
    excluded_names = _RESERVED.union(excluded)
    appended = _pairs(tokens.get(QUERY_STRING))
    texts = as_texts(request.parameters, schema)
    query = (
        tuple((name, text) for name, text in texts.items() if name not in excluded_names) + appended
    )
    if REQUEST_BODY in tokens:
        body = tokens[REQUEST_BODY]
        if isinstance(body, str):
            return RequestParts(query=query, text=body)
        return RequestParts(query=query, body=body)
    if not method.has_body:
        return RequestParts(query=query)
    values: JsonObject = {
        name: value for name, value in tokens.items() if name not in excluded_names
    }
    return RequestParts(query=appended, body=values)


def _pairs(value: JsonValue) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    pairs = [_pair(each) for each in value] if isinstance(value, list) else [None]
    found = tuple(pair for pair in pairs if pair is not None)
    if len(found) < len(pairs):
        message = f"parameters.{QUERY_STRING}: {_PAIRS}"
        raise PlatformRefused(message, cause=FailureCause.PARAMETERS)
    return found


def _pair(value: JsonValue) -> tuple[str, str] | None:
    match value:
        case {"name": str(name), "value": str() | bool() | int() | float() as given} if name:
            text = value_as_text(given, DataType.STRING)
            return None if text is None else (name, text)
        case _:
            return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
