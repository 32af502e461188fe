"""Maps error responses of Google's APIs to errors with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_IS_BUSY = re.compile(r"\b(?:RESOURCE_EXHAUSTED|UNAVAILABLE|ABORTED|(?:userR|r)ateLimitExceeded)\b")
_REMEDIES = {
    "SERVICE_DISABLED": "the API is disabled: enable it in the project",
    "BILLING_DISABLED": "the project has no billing account: link one to the project",
    "CONSUMER_INVALID": "the project does not exist or was deleted: check projectId",
}
_NOT_FOUND = 404
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleRefusals:
    """Maps the refusals of one service to errors; call it with a `Refusal`."""

    service: str
    """The display name of the service."""
    permission: str
    """The remedy for a missing permission, as the end of a sentence."""
    missing: str
    """The reason and the remedy for an artefact that does not exist."""
    remedies: Mapping[str, str] = field(default_factory=dict[str, str])
    """The remedies for the canonical codes of errors, such as `INVALID_ARGUMENT`."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal, with its code and a known remedy."""
        if refusal.status != _NOT_FOUND and (
            _IS_BUSY.search(refusal.text) or asks_to_try_later(refusal)
        ):
            return Unavailable(f"{self.service} is busy (status {refusal.status})")
        return PlatformRefused(
            f"{self.service} refused the request (status {refusal.status}):"
            f" {self._remedy(refusal)}",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )

    def for_artefact(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a call about an artefact; a missing one is `ArtefactNotFound`."""
        error = self(refusal)
        if not is_missing(refusal):
            return error
        return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=refusal.status)

    def for_run(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a call about a run; a missing run is `RunNotFound`."""
        if is_missing(refusal):
            return RunNotFound(f"{self.service} does not know this run, or has deleted it")
        return self(refusal)

    def _remedy(self, refusal: Refusal) -> str:
        if blocks_address(refusal):
            return ADDRESS_REMEDY
        known = next((each for each in _reasons(refusal) if each in _REMEDIES), None)
        if known is not None:
            return _REMEDIES[known]
        if refusal.status == _FORBIDDEN:
            return f"the account lacks a permission: {self.permission}"
        if refusal.status == _NOT_FOUND:
            return self.missing
        return self.remedies.get(error_status(refusal), "the answer gives no known reason")


def error_status(refusal: Refusal) -> str:
    """Return the canonical code of an error, such as `ALREADY_EXISTS`; empty if it has none."""
    error = refusal.body.get("error")
    status = error.get("status") if isinstance(error, dict) else None
    return status if isinstance(status, str) else ""


def _reasons(refusal: Refusal) -> Iterator[str]:
    """Yield the reasons in the details of an error (`google.rpc.ErrorInfo`)."""
    error = refusal.body.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    for each in details if isinstance(details, list) else ():
        reason = each.get("reason") if isinstance(each, dict) else None
        if isinstance(reason, str):
            yield reason


def is_missing(refusal: Refusal) -> bool:
    """Return whether the API itself says that a resource does not exist.

    A page without an error object comes from another server, which knows nothing about it.
    """
    return (
        refusal.status == _NOT_FOUND
        and isinstance(refusal.body.get("error"), dict)
        and not blocks_address(refusal)
    )
