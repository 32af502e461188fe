"""Translates failed calls to Azure Storage into the exceptions of `domain.errors`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)

from polysync_core.domain.errors import (
    Broken,
    Conflict,
    NotFound,
    PolysyncError,
    StaleETag,
    TooLarge,
    Unavailable,
)
from polysync_core.storage.rows import RowExists

_TOO_LARGE = frozenset(
    {
        "EntityTooLarge",
        "KeyValueTooLarge",
        "PropertyValueTooLarge",
        "RequestBodyTooLarge",
        "TooManyProperties",
    }
)


class TableMissing(NotFound):
    """The table has not been created yet."""


class StorageUnavailable(Unavailable):
    """The storage account is not available at the moment."""

    def __init__(self, *, unanswered: bool, retry_after: float | None = None) -> None:
        super().__init__(retry_after=retry_after)
        self.unanswered = unanswered
        """True if the call may have been executed without an answer."""


class StorageRefusesIdentity(Unavailable):
    """The storage account refuses this app: give it the role Storage Table Data Contributor."""


def refusal_of(status: int, code: str) -> PolysyncError:
    """Return the error of a rejected operation of a transaction."""
    return _of_status(status, code, None)


def failure_of(error: AzureError) -> PolysyncError:
    """Return the error for an SDK error, without its text, which may contain data."""
    match error:
        case ServiceRequestError():
            return StorageUnavailable(unanswered=False)
        case ClientAuthenticationError():
            return StorageRefusesIdentity()
        case HttpResponseError(status_code=int(status)) if status >= 400:
            return _of_status(status, _code_of(error), _retry_after(error))
        case _:
            return StorageUnavailable(unanswered=True)


def _of_status(status: int, code: str, retry_after: float | None) -> PolysyncError:
    match status:
        case 404:
            return TableMissing() if code == "TableNotFound" else NotFound()
        case 409:
            return _conflict(code)
        case 412:
            return StaleETag()
        case 400 | 413 if status == 413 or code in _TOO_LARGE:
            return TooLarge()
        case 401 | 403:
            return StorageRefusesIdentity()
        case 408 | 429:
            return StorageUnavailable(unanswered=status == 408, retry_after=retry_after)
        case _ if status >= 500:
            return StorageUnavailable(unanswered=True, retry_after=retry_after)
        case _:
            return Broken(f"table storage rejected a request as wrong ({status} {code})")


def _conflict(code: str) -> PolysyncError:
    match code:
        case "EntityAlreadyExists":
            return RowExists()
        case "TableBeingDeleted":
            return StorageUnavailable(unanswered=False)
        case _:
            return Conflict()


def _retry_after(error: HttpResponseError) -> float | None:
    asked = _header(error, "Retry-After")
    return float(asked) if asked.isdecimal() else None


def _code_of(error: HttpResponseError) -> str:
    """Return the service's error code: decoded by the SDK, from its header, or from its body."""
    decoded = getattr(error, "error_code", None)
    if decoded:
        return str(getattr(decoded, "value", decoded))
    if header := _header(error, "x-ms-error-code"):
        return header
    try:
        response: Any = error.response
        return str(json.loads(response.text())["odata.error"]["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _header(error: HttpResponseError, name: str) -> str:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return headers.get(name) or ""
