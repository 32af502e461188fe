"""Builds error responses in the format of Azure Resource Manager."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.serving import Refusal


class ApiError(Refusal):
    """An error answer of the service; `inner` is its specific code."""

    def __init__(self, status: int, code: str, message: str, *, inner: str | None = None) -> None:
        super().__init__(status, code, message)
        self.inner = inner

    def as_json(self) -> dict[str, Any]:
        """Return the body that the real service sends."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner is not None:
            error["innererror"] = {"code": "BadArgument", "innererror": {"code": self.inner}}
        return {"error": error}


_CODES = {
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "ServiceError",
    503: "ServiceUnavailable",
}


def error_json(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error with the service's general code for the status."""
    return ApiError(status, _CODES.get(status, "UserError"), message).as_json()


def answer_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    """Return the answer to a refused request."""
    body = (
        refusal.as_json()
        if isinstance(refusal, ApiError)
        else error_json(refusal.status, refusal.message)
    )
    return web.json_response(body, status=refusal.status)


def bad_argument(message: str, inner: str | None = None) -> ApiError:
    """Return the error for a job that the service does not accept."""
    return ApiError(400, "UserError", message, inner=inner)


def no_such_job(name: str) -> ApiError:
    """Return the error for a job that does not exist."""
    return ApiError(404, "UserError", f"Run {name} was not found.", inner="NotFoundError")
