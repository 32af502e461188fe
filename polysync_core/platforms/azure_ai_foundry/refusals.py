"""Maps error responses of Azure Machine Learning to errors with a remedy."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE, AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

REFUSED = AzureRefusals(
    service="Azure AI Foundry",
    permission="grant it the role AzureML Data Scientist or Contributor on the workspace",
)

_TEMPLATE_MISSING = (
    "the workspace has no job with this name: the template was deleted, or its name is wrong;"
    " import the platform's jobs again"
)
_REMEDIES = {
    "ComputeNotFound": (
        "the compute does not exist in the workspace: check aiFoundryComputeName, or the template"
    ),
    "EnvironmentNotFound": (
        "the environment does not exist: write aiFoundryEnvironmentName as azureml:<name>:<version>"
    ),
    "InputNotFound": "the template lacks one of these inputs: sync the job's parameters",
}
_DEEPEST = 8


def refused_for_template(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a template."""
    if _is_missing(refusal):
        return REFUSED.missing(refusal, _TEMPLATE_MISSING)
    return REFUSED(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing run is `RunNotFound`."""
    if _is_missing(refusal):
        return RunNotFound("Azure AI Foundry does not know this job")
    return REFUSED(refusal)


def refused_for_submit(refusal: Refusal) -> PolysyncError:
    """Return the error for a refused new job."""
    remedies = (_REMEDIES[code] for code in _codes(refusal.body) if code in _REMEDIES)
    return REFUSED.error(refusal, next(remedies, None))


def _is_missing(refusal: Refusal) -> bool:
    return refusal.status == 404 and error_code(refusal.body) not in RESOURCE_IS_GONE


def _codes(body: JsonObject) -> Iterator[str]:
    """Yield the error codes, outermost first; the outermost is often just "UserError"."""
    error: JsonValue = body.get("error")
    for _ in range(_DEEPEST):
        if not isinstance(error, dict):
            return
        yield error_code(error)
        error = error.get("innererror", error.get("innerError"))
