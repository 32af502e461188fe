"""Builds error responses in the format of Google's APIs."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.serving import Refusal

_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ApiError(Refusal):
    """An error answer of a service, with the details that Google adds to its code."""

    def __init__(self, status: int, message: str, *, code: str = "", details: Any = None) -> None:
        super().__init__(status, code or _CODES.get(status, "UNKNOWN"), message)
        self.details = details


def invalid(message: str, details: Any = None) -> ApiError:
    """Return the error for a request that the service does not accept."""
    return ApiError(400, message, details=details)


def error_json(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error with the canonical code of its status."""
    code = _CODES.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": code}}


def answer_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    """Return the answer to a refused request."""
    body = error_json(refusal.status, refusal.message)
    if isinstance(refusal, ApiError):
        body["error"]["status"] = refusal.code
        if refusal.details is not None:
            body["error"]["details"] = [refusal.details]
    return web.json_response(body, status=refusal.status)
