"""The job type of Azure Logic Apps, in both plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.bench import (
    ELSEWHERE,
    LONG,
    Behaviour,
    Bench,
    Foreign,
    Make,
    Stage,
    Step,
)
from tests.contract.connectors.benches.azure_functions import SUBSCRIPTION
from tests.fakes.simulators import SimulatorProcess

WORK: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {"outcome": "Completed"},
    Behaviour.FAILS: {"outcome": "Failed"},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.GIVES_OUTPUTS: {"outcome": "Completed", "output": {"Total": 7, "path": "/x"}},
    Behaviour.GIVES_MUCH: {"outcome": "Completed", "output": {"much": "x" * LONG, "path": "/x"}},
}
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


def bench(plan: str, stage: Stage) -> Bench:
    """Logic Apps Workflow."""
    simulator = stage.simulator("simulators.logic_apps", "--page-size", "2")
    for behaviour, work in WORK.items():
        put(simulator, _name(behaviour), work=work)
    put(simulator, "on-timer", definition={"triggers": {"t": {"type": "Recurrence"}}})

    def started(order: SubmitRequest) -> Sequence[str]:
        lines = simulator.submissions()
        return [line["run_id"] for line in lines if line["token"] == order.token]

    return Bench(
        simulator=simulator,
        platform=a_platform(simulator, plan),
        jobs={each: a_job(_name(each)) for each in [*WORK, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "api/*/invoke",
            Step.READ: "GET */runs/*",
            Step.CANCEL: "*/runs/*/cancel",
            Step.FIND: "workflows",
            Step.DESCRIBE: "GET succeeds",
            Step.TEST: "workflows",
        },
        started=started,
        strange_state={"properties": {"status": "Dreaming"}},
        unknown_runs=("08580000CU00", "", "../x", "a b", "1&x=2", "succeeds/0a1b"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": "l\u043ead"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
        ),
        parameters=DESCRIBED,
        outputs={"total": 7, "path": "/x"},
        takes_anything="a trigger passes over what its schema does not have",
        foreign=(
            Foreign(
                Step.SUBMIT,
                {"value": f"https://{ELSEWHERE}/api/x?sig=1"},
                endpoint="*/listCallbackUrl",
            ),
            Foreign(Step.FIND, {"nextLink": f"https://{ELSEWHERE}/workflows"}),
        ),
    )


def a_platform(simulator: SimulatorProcess, plan: str, **attributes: Any) -> Platform:
    named = {"logicAppName": "sales-flows"} if plan == "Standard" else {}
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
                **named,
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


BENCHES: dict[str, Make] = {
    JobType.LOGIC_APPS_WORKFLOW: partial(bench, "Standard"),
    f"{JobType.LOGIC_APPS_WORKFLOW} of a Consumption plan": partial(bench, "Consumption"),
}
