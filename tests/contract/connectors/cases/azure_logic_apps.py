"""The cases of Azure Logic Apps, one per plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.azure_functions import SUBSCRIPTION
from tests.contract.connectors.job_type_case import (
    FOREIGN_HOST,
    LONG_OUTPUT_LENGTH,
    Behaviour,
    ForeignAddress,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

WORK: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {"outcome": "Completed"},
    Behaviour.FAILS: {"outcome": "Failed"},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.RETURNS_OUTPUTS: {"outcome": "Completed", "output": {"Total": 7, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {
        "outcome": "Completed",
        "output": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"},
    },
}
ACTIONS: Mapping[str, Any] = {
    "Read": {},
    "Send_report": {
        "status": "Failed",
        "code": "BadRequest",
        "error": {"code": "BadRequest", "message": "There are no sales today."},
    },
    "Notify": {"status": "Skipped", "code": "ActionSkipped"},
    "Each": {
        "status": "Failed",
        "code": "BadRequest",
        "repetitions": [
            {},
            {
                "status": "Failed",
                "code": "InvalidRow",
                "error": {"code": "InvalidRow", "message": "Row 2 is empty."},
            },
        ],
    },
    "Scope": {
        "status": "Failed",
        "code": "ActionFailed",
        "error": {"code": "ActionFailed", "message": "An action failed. No dependent actions."},
    },
}
"""The actions of a failed run: the first failure explains those around it."""
SCHEMA = {
    "type": "object",
    "properties": {
        "rows": {"type": "integer", "default": 1},
        "day": {"type": "string", "description": "Which day"},
    },
    "required": ["day"],
}
DEFINITION: dict[str, Any] = {
    "triggers": {"manual": {"type": "Request", "kind": "Http", "inputs": {"schema": SCHEMA}}},
    "actions": {},
    "outputs": {"path": {"type": "String", "value": "/x"}},
}
DESCRIBED = (
    Parameter(name="rows", data_type=DataType.INT, default=1),
    Parameter(name="day", description="Which day", required=True),
    Parameter(name="path", direction=Direction.OUTPUT),
)
OUTPUTS = (Parameter(name="total", data_type=DataType.INT, direction=Direction.OUTPUT),)


def case(plan: str, simulators: Simulators) -> JobTypeCase:
    """Return the case of LogicAppsWorkflow in a plan."""
    simulator = simulators.simulator("simulators.logic_apps", "--page-size", "2")
    for behaviour, work in WORK.items():
        put(simulator, _name(behaviour), work=work, actions=ACTIONS)
    put(simulator, "on-timer", definition={"triggers": {"t": {"type": "Recurrence"}}})

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = simulator.submissions()
        return [line["run_id"] for line in lines if line["token"] == request.token]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator, plan),
        jobs={each: a_job(_name(each)) for each in [*WORK, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "api/*/invoke",
            Step.READ: "GET */runs/*",
            Step.DETAILS: "*/runs/*/actions",
            Step.CANCEL: "*/runs/*/cancel",
            Step.FIND: "workflows",
            Step.DESCRIBE: "GET succeeds",
            Step.TEST: "workflows",
        },
        started_runs=started_runs,
        failure=("Send_report", "no sales today"),
        unknown_state={"properties": {"status": "Dreaming"}},
        unknown_runs=("08580000CU00", "", "../x", "a b", "1&x=2", "succeeds/0a1b"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": "l\u043ead"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"sendParametersAs": "Xml"}}, "settings.sendParametersAs"),
            ({"settings": {"resubmit": True}}, "settings.resubmit"),
        ),
        parameters=DESCRIBED,
        outputs={"total": 7, "path": "/x"},
        accepts_undeclared="a trigger ignores properties that are not in its schema",
        foreign_addresses=(
            ForeignAddress(
                Step.SUBMIT,
                {"value": f"https://{FOREIGN_HOST}/api/x?sig=1"},
                endpoint="*/listCallbackUrl",
            ),
            ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/workflows"}),
        ),
    )


def a_platform(simulator: SimulatorProcess, plan: str, **attributes: Any) -> Platform:
    names_in = {"logicAppName": "sales-flows"} if plan == "Standard" else {}
    return Platform.model_validate(
        {
            "name": "flows",
            "type": "AzureLogicApps",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-data",
                "logicAppType": plan,
                "endpoint": simulator.url,
                **names_in,
                **attributes,
            },
        }
    )


def a_job(name: str, *parameters: Parameter) -> Job:
    return Job(
        name="flow",
        platform="flows",
        job_type=JobType.LOGIC_APPS_WORKFLOW,
        external_id=name,
        parameters=parameters or OUTPUTS,
    )


def put(simulator: SimulatorProcess, name: str, **workflow: Any) -> None:
    """Define a workflow."""
    simulator.control("PUT", f"workflows/{name}", {"definition": DEFINITION, **workflow})


def _name(behaviour: Behaviour) -> str:
    return behaviour.name.lower().replace("_", "-")


CASES: dict[str, MakeCase] = {
    JobType.LOGIC_APPS_WORKFLOW: partial(case, "Standard"),
    f"{JobType.LOGIC_APPS_WORKFLOW} of a Consumption plan": partial(case, "Consumption"),
}
