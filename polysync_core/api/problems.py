"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from polysync_core.domain.definitions.complaints import problem_of
from polysync_core.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    PlatformRefused,
    PolysyncError,
    Problem,
    Refused,
    StaleETag,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Uncertain,
)

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[PolysyncError], HTTPStatus], ...] = (
    (Malformed, HTTPStatus.BAD_REQUEST),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unauthenticated, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (StaleETag, HTTPStatus.PRECONDITION_FAILED),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (PlatformRefused, HTTPStatus.BAD_GATEWAY),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (Uncertain, HTTPStatus.SERVICE_UNAVAILABLE),
)
_TITLES = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read",
    HTTPStatus.UNAUTHORIZED: "Nobody has signed in",
    HTTPStatus.FORBIDDEN: "The caller may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing of that name",
    HTTPStatus.METHOD_NOT_ALLOWED: "The method is not allowed here",
    HTTPStatus.CONFLICT: "The present state does not allow it",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since it was read",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request breaks a rule",
    HTTPStatus.BAD_GATEWAY: "The platform refused the request",
    HTTPStatus.SERVICE_UNAVAILABLE: "A service that is needed does not answer",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error of ours",
}
MEDIA_TYPE = "application/problem+json"


def problem(
    status: HTTPStatus,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return a problem document."""
    title = _TITLES.get(status, status.phrase)
    return JSONResponse(
        {
            "type": f"urn:polysync:problem:{status.phrase.lower().replace(' ', '-')}",
            "title": title,
            "status": status.value,
            "detail": detail,
            "errors": [{"path": each.path, "message": each.message} for each in problems],
        },
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def unexpected() -> JSONResponse:
    """Return the answer to what must not happen: it tells nothing; the log tells it all."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong; it is in the log of the app."
    )


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(PolysyncError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_error)


async def _on_error(_request: Request, error: Exception) -> JSONResponse:
    return answer_to(error)


def answer_to(error: Exception) -> JSONResponse:
    """Return the problem document of an error; what is no answer to a request tells nothing."""
    if isinstance(error, HTTPException):
        headers = dict(error.headers) if error.headers else None
        return problem(HTTPStatus(error.status_code), str(error.detail), headers=headers)
    status = next((status for family, status in _STATUS if isinstance(error, family)), None)
    if status is None:
        _log.error(
            "A request failed by an error of ours.",
            exc_info=error,
            extra={"action": "request_failed"},
        )
        return unexpected()
    problems: Sequence[Problem] = getattr(error, "problems", ())
    return problem(status, str(error), problems, _headers(error))


def _headers(error: Exception) -> dict[str, str] | None:
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if not isinstance(error, Unavailable | Uncertain):
        return None
    seconds = error.retry_after if isinstance(error, Unavailable) else None
    return {"Retry-After": str(max(1, round(seconds)) if seconds is not None else 5)}


async def _on_validation(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise TypeError from error
    details = error.errors()
    if any(each["type"] == "json_invalid" for each in details):
        return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON.")
    problems = [problem_of(each, skip=1) for each in details]
    detail = "; ".join(map(str, problems[:3]))
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, problems)
