"""The case of Azure Data Explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

RESULTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"outcome": "Failed", "status": "There are no sales today."},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.RETURNS_OUTPUTS: {"row": {"rows": 1, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {"row": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"}},
}
ROWS = Parameter(name="rows", data_type=DataType.INT, default=1)
PATH = Parameter(name="path", direction=Direction.OUTPUT)
COMMAND = (
    ".set-or-append async Daily <| declare query_parameters(rows:long = 1); {name} | take rows"
)


def case(simulators: Simulators) -> JobTypeCase:
    """Return the case of DataExplorerCommand with asynchronous commands."""
    simulator = simulators.simulator("simulators.data_explorer")
    for behaviour, result in RESULTS.items():
        put_result(simulator, _name(behaviour), **result)

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = simulator.submissions()
        return [each["run_id"] for each in lines if each["token"] == f"polysync-{request.token}"]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(each) for each in [*RESULTS, Behaviour.MISSING]},
        endpoints={each: "v1/rest/mgmt" for each in Step},
        started_runs=started_runs,
        unknown_state={
            "Tables": [
                {
                    "TableName": "Table_0",
                    "Columns": [{"ColumnName": "State"}],
                    "Rows": [["Dreaming"]],
                }
            ]
        },
        unknown_runs=("00000000-0000-4000-8000-000000000000", "", "1 | take 1", "a b"),
        refused=(
            ({"external_id": "sales;drop"}, "externalId"),
            ({"external_id": "sa\u200bles"}, "externalId"),
            ({"settings": {}}, "settings.command"),
            ({"settings": {"command": " "}}, "settings.command"),
            ({"parameters": (Parameter(name="row"),)}, "parameters[0].name"),
        ),
        outputs={"rows": 1, "path": "/x"},
        foreign_addresses="the answers of a cluster hold no addresses",
    )


def a_platform(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "explorer",
            "type": "AzureDataExplorer",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "clusterUrl": "https://sales.westeurope.kusto.windows.net",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(behaviour: Behaviour, **changes: Any) -> Job:
    gives = behaviour in {Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT}
    return Job(
        name="load",
        platform="explorer",
        job_type=JobType.DATA_EXPLORER_COMMAND,
        external_id="missing" if behaviour is Behaviour.MISSING else "Sales",
        parameters=(ROWS, PATH) if gives else (ROWS,),
        settings={"command": COMMAND.format(name=_name(behaviour))},
    ).model_copy(update=changes)


def put_result(simulator: SimulatorProcess, name: str, **script: Any) -> None:
    """Script the result of every text that holds a name."""
    simulator.control("PUT", f"results/{name}", script)


def _name(behaviour: Behaviour) -> str:
    return behaviour.name.lower()


CASES: dict[str, MakeCase] = {JobType.DATA_EXPLORER_COMMAND: case}
