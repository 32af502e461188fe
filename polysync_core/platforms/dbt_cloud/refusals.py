"""Maps error responses of dbt Cloud to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_REMEDIES = {
    400: "dbt Cloud does not accept the request: compare the settings of the job with the dbt job",
    403: (
        "the token lacks a permission: give the service token the permission set Job Admin, for the"
        " project of the job"
    ),
    404: (
        "the account has no job of this id, or accessUrl or accountId is wrong; import the"
        " platform's jobs again"
    ),
}


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal, with a known remedy."""
    if refusal.status != 404 and asks_to_try_later(refusal):
        return Unavailable(f"dbt Cloud is busy (status {refusal.status})")
    remedy = _REMEDIES.get(refusal.status, "the answer gives no known reason")
    return _error(refusal, ADDRESS_REMEDY if blocks_address(refusal) else remedy)


def refused_for_job(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a job; a missing job is `ArtefactNotFound`."""
    error = refused(refusal)
    if refusal.status != 404 or blocks_address(refusal):
        return error
    return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=refusal.status)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing run is `RunNotFound`."""
    if refusal.status == 404 and not blocks_address(refusal):
        return RunNotFound("dbt Cloud has no run with this id")
    return refused(refusal)


def refused_repair(refusal: Refusal) -> PolysyncError:
    """Return the error for the retry of a failed run."""
    if refusal.status in {400, 404, 405, 409, 422} and not blocks_address(refusal):
        return _error(
            refusal,
            "dbt Cloud cannot retry this run: its last step did not fail in dbt, it is too old, or"
            " its dbt version has no retry; start a new run",
        )
    return refused(refusal)


def _error(refusal: Refusal, remedy: str) -> PlatformRefused:
    return PlatformRefused(
        f"dbt Cloud refused the request (status {refusal.status}): {remedy}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )
