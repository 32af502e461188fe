"""Errors in the form of Azure Resource Manager."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The request is answered with an error; `inner` is the code that says what it really is."""

    def __init__(self, status: int, code: str, message: str, *, inner: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
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
    """Return the body of an error that the service gives no other code."""
    return ApiError(status, _CODES.get(status, "UserError"), message).as_json()


def bad_argument(message: str, inner: str | None = None) -> ApiError:
    """Return the error for a job that the service refuses."""
    return ApiError(400, "UserError", message, inner=inner)


def no_such_job(name: str) -> ApiError:
    """Return the error for a job that is not there."""
    return ApiError(404, "UserError", f"Run {name} was not found.", inner="NotFoundError")
