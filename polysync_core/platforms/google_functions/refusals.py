"""Maps the refusals of Google Cloud to errors with a remedy."""

from __future__ import annotations

import re

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.http_functions.refusals import FunctionRefusals
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_REMEDIES = {
    403: (
        "the account lacks a permission: grant it the role roles/cloudfunctions.viewer in the"
        " project, and enable the Cloud Functions API there"
    ),
    404: "the function does not exist: it was deleted, or projectId or region is wrong",
}
_IS_BUSY = re.compile(r"\b(?:RESOURCE_EXHAUSTED|UNAVAILABLE|ABORTED|(?:userR|r)ateLimitExceeded)\b")


def api_refusal(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal of the Cloud Functions API."""
    if refusal.status != 404 and (_IS_BUSY.search(refusal.text) or asks_to_try_later(refusal)):
        return Unavailable(f"Google Cloud Functions is busy (status {refusal.status})")
    remedy = _REMEDIES.get(refusal.status, "the answer gives no known reason")
    if blocks_address(refusal):
        remedy = ADDRESS_REMEDY
    return PlatformRefused(
        f"Google Cloud Functions refused the request (status {refusal.status}): {remedy}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


def refused_for_function(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a function."""
    error = api_refusal(refusal)
    if refusal.status != 404 or blocks_address(refusal):
        return error
    return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=refusal.status)


CALL_REFUSALS = FunctionRefusals(
    credential="the identity token is refused: check auth",
    permission=(
        "the account may not call the function: grant it the role roles/run.invoker on the"
        " function's Cloud Run service (generation 2) or roles/cloudfunctions.invoker on the"
        " function (generation 1)"
    ),
    missing=(
        "no function is at this address: it was deleted or is being replaced; try again, or import"
        " the platform's functions again"
    ),
)
