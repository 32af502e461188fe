"""Maps error responses of Azure Logic Apps to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PolysyncError
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE, AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.refusal_rules import CredentialRules, host_refuses_credential

REFUSALS = AzureRefusals(
    service="Azure Logic Apps",
    permission=(
        "grant it the role Logic App Contributor on the workflows (Consumption), or Website"
        " Contributor or Logic Apps Standard Operator on the app (Standard)"
    ),
    remedies={
        "WorkflowTriggerIsNotEnabled": "the workflow or its trigger is disabled: enable it",
        "TriggerInputSchemaMismatch": (
            "the values do not have the types of the trigger's schema: sync the job's parameters"
        ),
    },
)
SIGNATURE_RULES = CredentialRules(
    name="the signature of the trigger's address",
    is_refused=host_refuses_credential,
    remedy=lambda _: (
        "allow the shared access signature in the access control of the workflow, or start the run"
        " again if the keys were regenerated"
    ),
)


WORKFLOW_MISSING = (
    "the workflow does not exist: it was renamed or deleted; import the platform's workflows again"
)


# A Consumption workflow is a resource: ResourceNotFound does not mean that the platform is missing.
_PLATFORM_IS_GONE = RESOURCE_IS_GONE - {"ResourceNotFound"}


def refused_for_workflow(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a workflow."""
    if refusal.status == 404 and error_code(refusal.body) not in _PLATFORM_IS_GONE:
        return REFUSALS.missing(refusal, WORKFLOW_MISSING)
    return REFUSALS(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; 404 is `RunNotFound`."""
    if refusal.status == 404:
        return RunNotFound("Azure Logic Apps has no run with this id.")
    return REFUSALS(refusal)
