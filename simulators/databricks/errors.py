"""Errors in the form of the Databricks REST API."""

from __future__ import annotations


class ApiError(Exception):
    """The request is answered with an error: an HTTP status, an `error_code` and a `message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def as_json(self) -> dict[str, str]:
        """Return the body that the real service sends."""
        return {"error_code": self.code, "message": self.message}


_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "401",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}


def error_json(status: int, message: str) -> dict[str, str]:
    """Return the body of an error that the service gives no other code."""
    return ApiError(status, _CODES.get(status, "UNKNOWN"), message).as_json()


def invalid_parameter(message: str) -> ApiError:
    """Return the error for a value that the service refuses."""
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def malformed_request(message: str) -> ApiError:
    """Return the error for a body that the service cannot read."""
    return ApiError(400, "MALFORMED_REQUEST", message)


def does_not_exist(message: str) -> ApiError:
    """Return the error for a workspace object that is not there."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


def no_such_run(run_id: int) -> ApiError:
    """Return what the Jobs API says of an unknown run: a 400, not a 404."""
    return invalid_parameter(f"Run {run_id} does not exist.")
