"""Verifies the simulators of Azure Logic Apps."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_TRIGGER_NOTE = "It also reads the address of a trigger; no official client calls a trigger."
_LOGIC_APPS_OPEN = (
    "the filter for `ClientTrackingId` in a Standard plan (without it, every run of the list is"
    " read)",
    "the maximum lag of the list of runs",
    STOPPED_AGAIN,
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.LOGIC_APPS_WORKFLOW: Verification(
        simulator="simulators.logic_apps",
        official_client=OfficialClient(
            package="azure-mgmt-web",
            client="azure.mgmt.web.WebSiteManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "web_apps.list_workflows",
                Ability.PARAMETERS: "web_apps.get_workflow",
                Ability.RUNS: "workflow_runs.list",
                Ability.DETAILS: "workflow_run_actions.list",
                Ability.TEST: "web_apps.list_workflows",
            },
        ),
        notes=(_TRIGGER_NOTE,),
        open_questions=_LOGIC_APPS_OPEN,
    ),
    f"{JobType.LOGIC_APPS_WORKFLOW} of a Consumption plan": Verification(
        simulator="simulators.logic_apps",
        official_client=OfficialClient(
            package="azure-mgmt-logic",
            client="azure.mgmt.logic.LogicManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "workflows.list_by_resource_group",
                Ability.PARAMETERS: "workflows.get",
                Ability.RUNS: "workflow_runs.list",
                Ability.DETAILS: "workflow_run_actions.list",
                Ability.TEST: "workflows.list_by_resource_group",
            },
        ),
        notes=(_TRIGGER_NOTE, "It needs `six` but does not depend on it."),
        open_questions=_LOGIC_APPS_OPEN,
    ),
}
