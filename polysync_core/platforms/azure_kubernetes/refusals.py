"""Maps error responses of a Kubernetes cluster to errors with a remedy.

Kubernetes answers with a `Status`, whose `reason` and `details` tell the refused object.
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

from __future__ import annotations

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.json_types import object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

CLUSTER = AzureRefusals(
    service="Azure Kubernetes Service",
    permission="grant it the role Azure Kubernetes Service Cluster User Role on the cluster",
    remedies={
        "ResourceNotFound": (
            "the cluster does not exist: check clusterName, resourceGroupName and subscriptionId"
        ),
        "OperationNotAllowed": "the cluster is stopped or being changed: start it",
    },
)
"""The refusals of Azure Resource Manager."""
_KUBERNETES = AzureRefusals(
    service="Kubernetes",
    permission=(
        "grant it in the namespace get, list, create and patch of jobs, and get and list of"
        " cronjobs and pods, such as by the role Azure Kubernetes Service RBAC Writer"
    ),
)
_REMEDIES = {
    "Invalid": "the copy of the Job breaks a rule of the cluster: see the platform's message",
    "BadRequest": "the copy of the Job breaks a rule of the cluster: see the platform's message",
}
_POLICY = "an admission policy of the cluster refuses the Job: see the platform's message"
_SOURCE_MISSING = (
    "the namespace has no such object: it was deleted or renamed, or Kubernetes removed the ended"
    " Job after its ttlSecondsAfterFinished; a suspended CronJob is a lasting template"
)


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refused call of Kubernetes."""
    if "exceeded quota" in refusal.text:
        return PlatformRefused(
            f"Kubernetes refused the Job (status {refusal.status}): a resource quota of the"
            " namespace is used up: wait for other Jobs, or raise the quota",
            cause=FailureCause.CONTENTION_REJECTED,
            status=refusal.status,
        )
    if "admission webhook" in refusal.text or "ValidatingAdmissionPolicy" in refusal.text:
        return _KUBERNETES.error(refusal, _POLICY)
    missing = object_in(refusal.body, "details").get("kind") == "namespaces"
    if refusal.status == 404 and missing:
        return _KUBERNETES.error(refusal, "the namespace does not exist: check namespace")
    return _KUBERNETES.error(refusal, _REMEDIES.get(str(refusal.body.get("reason"))))


def refused_for_source(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a template."""
    if refusal.status == 404:
        return _KUBERNETES.missing(refusal, _SOURCE_MISSING)
    return refused(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing Job is `RunNotFound`."""
    if refusal.status == 404:
        return RunNotFound(
            "Kubernetes does not know this Job: it was deleted, or its namespace was"
        )
    return refused(refusal)
