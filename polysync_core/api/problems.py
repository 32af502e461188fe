"""Converts exceptions to HTTP error responses with a problem document (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from polysync_core.api.jobs.appkit_protocol import appkit_error_members, error_media_type
from polysync_core.api.problem_document import (
    JobProblemDocument,
    ProblemDocument,
    ProblemItem,
)
from polysync_core.appkit.errors import CallFailed, NoUserToken
from polysync_core.domain.definitions.validation.messages import problem_of
from polysync_core.domain.errors import (
    MAX_PROBLEMS,
    Ambiguous,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    PlatformRefused,
    PolysyncError,
    Problem,
    Refused,
    ShardFull,
    StaleETag,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Uncertain,
    shortened,
)
from polysync_core.domain.json_types import JsonObject, JsonValue

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[PolysyncError], HTTPStatus], ...] = (
    (Malformed, HTTPStatus.BAD_REQUEST),
    (NoUserToken, HTTPStatus.BAD_REQUEST),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (StaleETag, HTTPStatus.PRECONDITION_FAILED),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (PlatformRefused, HTTPStatus.BAD_GATEWAY),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ShardFull, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (Uncertain, HTTPStatus.SERVICE_UNAVAILABLE),
)
_TITLES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read",
    HTTPStatus.UNAUTHORIZED: "Authentication required",
    HTTPStatus.FORBIDDEN: "Permission denied",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method not allowed",
    HTTPStatus.CONFLICT: "Conflict with the current state",
    HTTPStatus.PRECONDITION_FAILED: "Changed since it was read",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many runs wait for their start",
    HTTPStatus.BAD_GATEWAY: "The platform refused the request",
    HTTPStatus.SERVICE_UNAVAILABLE: "A required service is unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal error",
}
_MAX_DETAIL = 8_000
MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: dict[str, str] | None = None,
    members: Mapping[str, JsonValue] = MappingProxyType({}),
) -> JSONResponse:
    """Return a problem document; `members` are its extension members."""
    name = _phrase(status)
    model = JobProblemDocument if "plugin" in members else ProblemDocument
    document = model.model_validate(
        {
            "type": f"urn:polysync:problem:{name.lower().replace(' ', '-')}",
            "title": _TITLES.get(status, name),
            "status": status,
            "detail": shortened(detail, _MAX_DETAIL),
            "errors": [ProblemItem.model_validate(each) for each in problems],
            **members,
        }
    )
    return JSONResponse(
        document.as_json(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def unexpected(scope: Scope) -> JSONResponse:
    """Return a generic internal error; details are only in the log."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "An internal error occurred; the log of the app has the details."
    return _sent(scope, problem(status, detail, members=appkit_error_members(scope, status)))


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(PolysyncError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_error)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    return answer_to(error, request.scope)


def _sent(scope: Scope, answer: JSONResponse) -> JSONResponse:
    """Return an answer with the media type that the client reads."""
    media_type = error_media_type(scope)
    if media_type is not None:
        answer.headers["content-type"] = media_type
    return answer


def answer_to(error: Exception, scope: Scope) -> JSONResponse:
    """Return the problem document of an error; unexpected errors show no details."""
    return _sent(scope, _document_of(error, scope))


def _document_of(error: Exception, scope: Scope) -> JSONResponse:
    if isinstance(error, HTTPException):
        headers = dict(error.headers) if error.headers else None
        status = error.status_code
        extra = appkit_error_members(scope, status)
        return problem(status, str(error.detail), headers=headers, members=extra)
    status = _status_of(error)
    if status is None:
        _log.error(
            "A request failed with an internal error.",
            exc_info=error,
            extra={"action": "request_failed"},
        )
        return unexpected(scope)
    problems: Sequence[Problem] = getattr(error, "problems", ())
    extra = {
        **appkit_error_members(scope, status, error),
        **_suggestions(error),
        **_omitted(getattr(error, "omitted", 0)),
    }
    return problem(status, str(error), problems, _headers(error), extra)


def _suggestions(error: Exception) -> JsonObject:
    """Return the members of a problem document that name possible objects."""
    match error:
        case Ambiguous(candidates=candidates):
            return {"title": "The id is ambiguous", "candidates": [*candidates]}
        case NotFound(name=str() as name, nearest=nearest, known=known):
            allowed: JsonObject = {"allowed": [*known]} if known else {}
            return {"name": name, "nearest": [*nearest], **allowed}
        case _:
            return {}


def _status_of(error: Exception) -> int | None:
    if isinstance(error, CallFailed):
        return error.status
    return next((status for family, status in _STATUS if isinstance(error, family)), None)


def _omitted(count: int) -> dict[str, int]:
    """Return the member with the number of errors that the answer leaves out."""
    return {"omittedErrors": count} if count else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Error"


def _headers(error: Exception) -> dict[str, str] | None:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, CallFailed) and error.retry_after is None:
        return None
    if not isinstance(error, Unavailable | Uncertain | CallFailed):
        return None
    seconds = None if isinstance(error, Uncertain) else error.retry_after
    return {"Retry-After": str(max(1, round(seconds)) if seconds is not None else 5)}


def _at_parameter(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the details of an error without the index of a repeated query parameter."""
    location = details["loc"]
    return {**details, "loc": location[:2]} if location[:1] == ("query",) else details


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise TypeError from error
    details = error.errors()
    if any(each["type"] == "json_invalid" for each in details):
        status = HTTPStatus.BAD_REQUEST
        members = appkit_error_members(request.scope, status)
        return _sent(request.scope, problem(status, "The body is not JSON.", members=members))
    found = [problem_of(_at_parameter(each), skip=1) for each in details[:MAX_PROBLEMS]]
    return answer_to(Invalid(found, omitted=len(details) - len(found)), request.scope)
