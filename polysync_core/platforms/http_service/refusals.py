"""Maps error responses of an HTTP service to errors with a remedy."""

from __future__ import annotations

from collections.abc import Collection

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_REMEDIES = {
    400: "the service does not accept the request: compare settings with its documentation",
    403: "the credential lacks a permission: grant it in the service",
    404: "the artefact or the path does not exist: check externalId and the path in settings",
    405: "the path does not accept the method: check method and path in settings",
    422: "the service does not accept the values: compare settings with its documentation",
}


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal of any call."""
    if refusal.status != 404 and asks_to_try_later(refusal):
        return Unavailable(f"{refusal.host} is busy (status {refusal.status})")
    remedy = _REMEDIES.get(refusal.status, "compare settings with the service's documentation")
    if blocks_address(refusal):
        remedy = ADDRESS_REMEDY
    return PlatformRefused(
        f"{refusal.host} refused the request (status {refusal.status}): {remedy}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


def refused_submit(refusal: Refusal) -> PolysyncError:
    """Return the error for a call that starts an artefact."""
    error = refused(refusal)
    if refusal.status != 404 or blocks_address(refusal):
        return error
    return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=404)


def refused_for_run(missing: Collection[int]) -> RefusalMapping:
    """Return the mapping for calls about a run; a status in `missing` is `RunNotFound`."""

    def mapped(refusal: Refusal) -> PolysyncError:
        if refusal.status in missing and not blocks_address(refusal):
            return RunNotFound(f"{refusal.host} has no run with this id.")
        return refused(refusal)

    return mapped
