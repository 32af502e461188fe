"""Maps error responses of a Foundry project to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PolysyncError
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.azure_openai.refusals import model_refusals, run_refusals
from polysync_core.platforms.calls import Refusal, RefusalMapping

FOUNDRY = AzureRefusals(
    service="Azure AI Foundry",
    permission="grant it the role Azure AI User on the project",
    remedies={
        "UserError": "the service cannot use a value: check the settings of the job",
        "DeploymentNotFound": (
            "the account has no deployment with this name: check externalId; a new deployment"
            " needs up to 5 minutes"
        ),
    },
)
PROJECT_REFUSALS = model_refusals(FOUNDRY)
RUN_REFUSALS = run_refusals(FOUNDRY, "The project has no run with this id.")


def missing_artefact(remedy: str) -> RefusalMapping:
    """Return the mapping for calls about an artefact; a 404 says that it does not exist."""

    def mapping(refusal: Refusal) -> PolysyncError:
        if refusal.status == 404:
            return FOUNDRY.missing(refusal, remedy)
        return PROJECT_REFUSALS(refusal)

    return mapping
