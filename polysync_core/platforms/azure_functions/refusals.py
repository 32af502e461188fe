"""Maps the refusals of a function app to errors with a remedy."""

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
    "there is no function of this name in the app: it was renamed or deleted; import the platform's"
    " functions again"
)


def refused_for_function(refusal: Refusal) -> PolysyncError:
    if refusal.status == 404 and error_code(refusal.body) not in RESOURCE_IS_GONE:
        return MANAGEMENT_REFUSALS.error(refusal, FUNCTION_MISSING)
    return MANAGEMENT_REFUSALS(refusal)


FUNCTION_REFUSALS = FunctionRefusals(
    credential=(
        "the key or token is not accepted: check auth.functionKey, or audience among the"
        " platform's attributes"
    ),
    permission="App Service Authentication does not let the identity in: add it there",
    missing=(
        "there is no such function at this route: it was renamed or deleted, or routePrefix among"
        " the platform's attributes is not that of the app; import the platform's functions again"
    ),
)


DURABLE_REFUSALS = FunctionRefusals(
    credential=(
        "Durable Functions does not accept the key: auth.systemKey must be the app's system key"
        " durabletask_extension, and auth.functionKey alone its master key"
    ),
    permission="Durable Functions' API is closed: check App Service Authentication",
    missing=(
        "the app has no orchestrator of this name, or no Durable Functions; import the platform's"
        " functions again"
    ),
)
