"""Maps error responses of a function app to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PolysyncError
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE, AzureRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.http_functions.refusals import FunctionRefusals

MANAGEMENT_REFUSALS = AzureRefusals(
    service="Azure Resource Manager",
    permission="grant it the role Website Contributor on the function app",
)


FUNCTION_MISSING = (
    "the app has no function with this name: it was renamed or deleted; import the platform's"
    " functions again"
)


def refused_for_function(refusal: Refusal) -> PolysyncError:
    if refusal.status == 404 and error_code(refusal.body) not in RESOURCE_IS_GONE:
        return MANAGEMENT_REFUSALS.missing(refusal, FUNCTION_MISSING)
    return MANAGEMENT_REFUSALS(refusal)


FUNCTION_REFUSALS = FunctionRefusals(
    credential=(
        "the key or token is refused: check auth.functionKey, or audience in the platform's"
        " attributes"
    ),
    permission="App Service Authentication refuses the identity: add it to the allowed identities",
    missing=(
        "no function has this route: it was renamed or deleted, or routePrefix in the platform's"
        " attributes differs from the app's; import the platform's functions again"
    ),
)


DURABLE_REFUSALS = FunctionRefusals(
    credential=(
        "Durable Functions refuses the key: set auth.systemKey to the app's system key"
        " durabletask_extension, or auth.functionKey to its master key"
    ),
    permission="the API of Durable Functions refuses access: check App Service Authentication",
    missing=(
        "the app has no orchestrator with this name, or no Durable Functions; import the platform's"
        " functions again"
    ),
)
