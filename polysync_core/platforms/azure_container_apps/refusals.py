"""Maps the refusals of Azure Container Apps to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PolysyncError
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE, AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

REFUSED = AzureRefusals(
    service="Azure Container Apps",
    permission=(
        "grant it the role Container Apps Jobs Contributor on the job, or Microsoft.App/jobs/read,"
        " start/action, stop/action and executions/read"
    ),
    remedies={
        "ContainerAppJobExecutionQuotaExceeded": "too many executions are active: wait for them",
        "JobExecutionTemplateInvalid": "the job refuses these containers: see the message of Azure",
        "ManagedEnvironmentNotReady": "the environment of the job is not ready: check its state",
    },
)
_JOB_MISSING = (
    "the resource group has no job with this name: it was deleted or renamed; import the platform's"
    " jobs again"
)
_OF_GROUP = RESOURCE_IS_GONE - {"ResourceNotFound", "ParentResourceNotFound"}


def refused_for_job(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a job; a missing job is `ArtefactNotFound`."""
    if refusal.status == 404 and error_code(refusal.body) not in _OF_GROUP:
        return REFUSED.missing(refusal, _JOB_MISSING)
    return REFUSED(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about an execution; a missing one is `RunNotFound`."""
    if refusal.status == 404 and error_code(refusal.body) not in _OF_GROUP:
        return RunNotFound("Azure Container Apps does not know this execution of the job")
    return REFUSED(refusal)
