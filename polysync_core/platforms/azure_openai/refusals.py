"""Maps error responses of Azure OpenAI models and accounts to errors with a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.refusals import AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.refusal_rules import CREDENTIAL_REMEDY

TOKEN_LIMIT = "max_completion_tokens"  # noqa: S105 - the name of a field
"""The field that limits the tokens of an answer; older models know another name only."""

ROLE = "grant it the role Cognitive Services OpenAI User on the account"
MANAGEMENT_REFUSALS = AzureRefusals(
    service="Azure Resource Manager", permission="grant it the role Reader on the account"
)

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_FILTERED = frozenset(
    {"content_filter", "ResponsibleAIPolicyViolation", "content_policy_violation"}
)
_FILTER_REMEDY = (
    "the content filter refused the prompt: change the prompt, or the content filter of the"
    " deployment"
)
_NO_SUCH_API = "the host has no such API: check accountUrl and apiVersion"
_OF_VALUES = {
    "context_length_exceeded": (
        "the prompt and the answer exceed the context of the model: shorten the prompt, or choose"
        " another model"
    ),
    "string_above_max_length": "a text is longer than the model accepts: shorten the prompt",
}
"""The remedies for codes that concern the values of a run."""
_SERVICE = AzureRefusals(
    service="Azure OpenAI",
    permission=ROLE,
    remedies={
        "DeploymentNotFound": (
            "the account has no deployment with this name: check externalId; a new deployment"
            " needs up to 5 minutes"
        ),
        "OperationNotSupported": (
            "the model of the deployment has no such operation: choose the job type that fits it"
        ),
        "AuthenticationTypeDisabled": (
            "the account refuses API keys: set auth.method to ManagedIdentity or ServicePrincipal"
        ),
    },
)


def credential_remedy(permission: str) -> Callable[[Refusal], str]:
    """Return the remedy for a refused token or key; a missing role is a 401 as well."""

    def remedy(refusal: Refusal) -> str:
        if error_code(refusal.body) == "PermissionDenied":
            return f"the identity lacks a permission: {permission}"
        return CREDENTIAL_REMEDY

    return remedy


def model_refusals(service: AzureRefusals) -> RefusalMapping:
    """Return the mapping for calls to models of a service."""

    def mapping(refusal: Refusal) -> PolysyncError:
        error = object_in(refusal.body, "error")
        code = error_code(refusal.body)
        if code in _FILTERED or error_code(object_in(error, "innererror")) in _FILTERED:
            return _of_values(service.error(refusal, _FILTER_REMEDY))
        if code in _OF_VALUES:
            return _of_values(service.error(refusal, _OF_VALUES[code]))
        if refusal.status == 404 and not code:
            return service.error(refusal, _NO_SUCH_API)
        return service.error(refusal, _field_remedy(error))

    return mapping


def run_refusals(service: AzureRefusals, missing: str) -> RefusalMapping:
    """Return the mapping for calls about a run; a missing run is `RunNotFound`."""

    def mapping(refusal: Refusal) -> PolysyncError:
        return RunNotFound(missing) if refusal.status == 404 else service(refusal)

    return mapping


MODEL_REFUSALS = model_refusals(_SERVICE)
BATCH_RUN_REFUSALS = run_refusals(_SERVICE, "The account has no batch with this id.")


def refused_for_deployment(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a deployment in Azure Resource Manager."""
    if refusal.status == 404 and error_code(refusal.body) == "ResourceNotFound":
        return MANAGEMENT_REFUSALS.missing(
            refusal,
            "the account has no deployment with this name: it was deleted or renamed; check also"
            " accountName",
        )
    return MANAGEMENT_REFUSALS(refusal)


def refuses_token_limit(refusal: Refusal) -> bool:
    """Return whether a model does not know the newer name of the token limit."""
    return refusal.status in {400, 422} and TOKEN_LIMIT in refusal.text


def _of_values(error: PolysyncError) -> PolysyncError:
    if not isinstance(error, PlatformRefused):
        return error
    return PlatformRefused(str(error), cause=FailureCause.PARAMETERS, status=error.status)


def _field_remedy(error: JsonObject) -> str | None:
    """Return the remedy that names the refused field of the request, or None."""
    field = error.get("param")
    if not isinstance(field, str) or _FIELD.fullmatch(field) is None:
        return None
    return f"the model does not accept the field {field}: change it in the settings of the job"
