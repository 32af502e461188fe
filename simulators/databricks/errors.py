"""Builds error responses in the format of the Databricks REST API."""

from __future__ import annotations

from simulators.serving import Refusal


class ApiError(Refusal):
    """An error answer: an HTTP status, an `error_code` and a `message`."""

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
    """Return the body of an error with the service's general code for the status."""
    return ApiError(status, _CODES.get(status, "UNKNOWN"), message).as_json()


def invalid_parameter(message: str) -> ApiError:
    """Return the error for a value that the service does not accept."""
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def invalid_state(message: str) -> ApiError:
    """Return the error for a request that the state of the object does not allow."""
    return ApiError(400, "INVALID_STATE", message)


def malformed_request(message: str) -> ApiError:
    """Return the error for a body that the service cannot read."""
    return ApiError(400, "MALFORMED_REQUEST", message)


def does_not_exist(message: str) -> ApiError:
    """Return the error for a workspace object that does not exist."""
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


def no_such_run(run_id: int) -> ApiError:
    """Return the error of the Jobs API for an unknown run: a 400, not a 404."""
    return invalid_parameter(f"Run {run_id} does not exist.")
