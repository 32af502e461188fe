"""Verifies the simulators of Azure Functions."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification

_FUNCTIONS_OPEN = (
    "the answers of Durable Functions to a start with an existing id (409 is assumed) and of an"
    " unknown orchestrator (400 and 404)",
    "App Service Authentication in front of an app",
)
_AZURE_FUNCTIONS = Verification(
    simulator="simulators.azure_functions",
    official_client=OfficialClient(
        package="azure-mgmt-web",
        client="azure.mgmt.web.WebSiteManagementClient",
        tests="functions",
        calls={
            Ability.DISCOVER: "web_apps.list_functions",
            Ability.PARAMETERS: "web_apps.get_function",
            Ability.TEST: "web_apps.get",
        },
    ),
    notes=(
        "It also reads the keys of the app.",
        "Neither Durable Functions' HTTP API nor a function has an official client.",
    ),
    open_questions=_FUNCTIONS_OPEN,
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.AZURE_HTTP_FUNCTION: _AZURE_FUNCTIONS,
    f"{JobType.AZURE_HTTP_FUNCTION} of an orchestrator": _AZURE_FUNCTIONS,
}
