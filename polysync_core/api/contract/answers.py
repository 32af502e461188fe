"""Defines error responses and shared success responses for the OpenAPI document of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"
_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}
_JOB_PROBLEM = {"$ref": "#/components/schemas/JobProblemDocument"}

_JOB_CONTENT: Mapping[str, Any] = {
    PROBLEM_TYPE: {"schema": _JOB_PROBLEM},
    "application/json": {"schema": _JOB_PROBLEM},
}
"""The errors of the job routes have a second type for clients of AppKit."""

_DESCRIPTIONS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read: correct it.",
    HTTPStatus.UNAUTHORIZED: "The caller is unknown: sign in, or send a valid access key.",
    HTTPStatus.FORBIDDEN: "The caller lacks the app role of the operation.",
    HTTPStatus.NOT_FOUND: "The named object does not exist.",
    HTTPStatus.REQUEST_TIMEOUT: "The body did not arrive in time: send it again.",
    HTTPStatus.CONFLICT: "The present state does not allow the request.",
    HTTPStatus.PRECONDITION_FAILED: "The object has changed since it was read: read it again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The type or the encoding of the body is not supported.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request breaks a rule: `errors` names each field.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many runs wait for their start: repeat the request later.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A defect of Polysync; the log has the details.",
    HTTPStatus.BAD_GATEWAY: "The platform or the vault refused the call of Polysync.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A required service is unavailable: repeat the request.",
}
_HEADERS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "The scheme of authentication."),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "The seconds to wait before the repetition."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "The seconds to wait before the repetition."),
}
_TO_ALL = (408, 413, 422, 500)
_TO_CALLERS = (401, 403, 503)
_TO_WRITES = (400, 404, 409, 412)

ETAG: dict[str, Any] = {
    "ETag": {"description": "The version of the object.", "schema": {"type": "string"}}
}
_PATH: dict[str, Any] = {
    "Location": {"description": "The path of the object.", "schema": {"type": "string"}}
}
SAVED: dict[int | str, dict[str, Any]] = {200: {"headers": ETAG}}
"""The header of an answer with one definition."""
LOCATION: dict[str, Any] = {"headers": {**ETAG, **_PATH}}
"""The headers of an answer with a new definition."""
ACCEPTED: dict[str, Any] = {"headers": _PATH}
"""The header of an answer with a new run."""

_RETRY: dict[str, Any] = {
    "Retry-After": {
        "description": "The seconds to wait before the repetition.",
        "schema": {"type": "string"},
    }
}
SHARD_FULL: dict[int | str, dict[str, Any]] = {429: {"description": ""}}
"""The answer that operations with new runs add."""
PLATFORM_ERRORS: dict[int | str, dict[str, Any]] = {502: {"description": ""}}
"""The answers that operations with calls to a platform add."""

DATABRICKS_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": f"{word} of the Databricks workspace, with its own status.",
        "content": _JOB_CONTENT,
        "headers": _RETRY,
    }
    for status, word in (("4XX", "A refusal"), ("5XX", "A failure"))
}
"""The answers that the routes of jobs of the environment pass on from Databricks."""

EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `status` with the run as data; the id is the number of the history "
        "entry. The stream ends with the run, or after 210 s: reconnect with `Last-Event-ID`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
"""The answer of a stream."""

METRICS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The metrics, in the text format of Prometheus or as OpenMetrics.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    },
    404: {"description": ""},
}
"""The answers of the route that Prometheus scrapes."""

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": _PATH,
        "description": "The answer as JSON; with `stream=true` as server-sent events. A stream "
        "ends with the run, or after 210 s: reconnect with `Last-Event-ID`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The client has already received the last event of the stream."},
}
"""The answers of an operation that can also stream."""


def components() -> dict[str, Any]:
    """Return the shared answers by their names."""
    content = {PROBLEM_TYPE: {"schema": _PROBLEM}}
    return {_name(status): _response(status, content) for status in _DESCRIPTIONS}


def errors_of(method: str, path: str, operation: Mapping[str, Any], *, is_open: bool) -> set[int]:
    """Return the statuses of the errors that an operation can answer with."""
    statuses = set(_rules(method, path, operation, is_open=is_open))
    declared = {int(each) for each in operation["responses"] if each.isdigit()}
    return statuses | {each for each in declared if each >= HTTPStatus.BAD_REQUEST}


def error_answer(path: str, status: int) -> dict[str, Any]:
    """Return the answer of an operation for one error."""
    if _is_job_route(path):
        return _response(status, _JOB_CONTENT)
    return {"$ref": f"#/components/responses/{_name(status)}"}


def _rules(method: str, path: str, operation: Mapping[str, Any], *, is_open: bool) -> Iterator[int]:
    yield from _TO_ALL
    if not is_open:
        yield from _TO_CALLERS
    if method != "get":
        yield from _TO_WRITES
    names = {each["name"].lower() for each in operation.get("parameters", ())}
    if names & {"continuationtoken", "last-event-id", "asuser"}:
        yield HTTPStatus.BAD_REQUEST
    if "{" in path or "graphrunid" in names or "task" in names:
        yield HTTPStatus.NOT_FOUND
    if "{" in path or "graphrunid" in names:
        # A prefix of a run id may be ambiguous, and a stored definition may be broken.
        yield HTTPStatus.CONFLICT
    if _is_job_route(path):
        yield from (HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _is_job_route(path: str) -> bool:
    """Return whether errors of the route have the members of AppKit."""
    return path.startswith("/jobs/{name}/") and path.split("/")[3] in {"run", "runs", "status"}


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).name.split("_"))


def _response(status: int, content: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _DESCRIPTIONS[status],
        "content": dict(content),
    }
    if status in _HEADERS:
        name, description = _HEADERS[status]
        answer["headers"] = {name: {"description": description, "schema": {"type": "string"}}}
    return answer
