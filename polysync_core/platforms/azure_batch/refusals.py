"""Maps the refusals of Azure Batch to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.refusals import AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

REFUSED = AzureRefusals(
    service="Azure Batch",
    permission=(
        "grant it the role Azure Batch Job Submitter or Azure Batch Data Contributor on the account"
    ),
    remedies={
        "PoolNotFound": "the pool of the job does not exist: create it, or correct the job",
        "InvalidAuthenticationInfo": "the account accepts no token of Entra: allow it",
        "RequestBodyTooLarge": "a task is too large: shorten its command line or its settings",
    },
)
_JOB_MISSING = (
    "the account has no such job or job schedule: it was deleted or renamed; import the platform's"
    " jobs again"
)
_QUOTA = "ActiveJobAndScheduleQuotaReached"


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refused call."""
    code = error_code(refusal.body)
    if code == _QUOTA:
        return PlatformRefused(
            f"Azure Batch refused the job ({code}, status {refusal.status}): the quota of active"
            " jobs of the account is used up: end other jobs, or raise the quota",
            cause=FailureCause.CONTENTION_REJECTED,
            status=refusal.status,
        )
    return REFUSED(refusal)


def refused_for_source(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a template."""
    if refusal.status == 404:
        return REFUSED.missing(refusal, _JOB_MISSING)
    return refused(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing job is `RunNotFound`."""
    if refusal.status == 404:
        return RunNotFound("Azure Batch does not know this job: it was deleted")
    return refused(refusal)
