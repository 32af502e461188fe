"""The case of Snowflake: scripted procedures."""

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

ARGUMENTS = [
    {"name": "ROWS", "type": "NUMBER", "default": "1"},
    {"name": "DAY", "type": "DATE", "default": "CURRENT_DATE()"},
    {"name": "OPTIONS", "type": "OBJECT", "default": "NULL"},
]
SCHEMA = (
    Parameter(name="ROWS", data_type=DataType.INT),
    Parameter(name="DAY"),
    Parameter(name="OPTIONS", data_type=DataType.JSON),
)
SCRIPTS: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"error": "no sales today"},
    Behaviour.HANGS: {"seconds": None},
    Behaviour.RETURNS_OUTPUTS: {"returns": "variant", "value": {"total": 7, "path": "/x"}},
    Behaviour.RETURNS_LONG_OUTPUT: {
        "returns": "variant",
        "value": {"much": "x" * LONG_OUTPUT_LENGTH, "path": "/x"},
    },
}
GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})


def snowflake(simulators: Simulators) -> JobTypeCase:
    """Return the case of SnowflakeProcedure."""
    simulator = simulators.simulator("simulators.snowflake", "--page-size", "2")
    for behaviour, script in SCRIPTS.items():
        put_procedure(simulator, name=behaviour.name, arguments=ARGUMENTS, **script)
    put_procedure(simulator, name="Täglich laden", database="SALES", schema_name="etl")

    def started_runs(request: SubmitRequest) -> Sequence[str]:
        lines = simulator.submissions()
        return [each["handle"] for each in lines if f" {request.token} " in each["tag"]]

    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={each: a_job(each) for each in [*SCRIPTS, Behaviour.MISSING]},
        endpoints={
            Step.SUBMIT: "call",
            Step.READ: "GET statements/*",
            Step.DETAILS: "GET statements/*",
            Step.CANCEL: "POST statements/*/cancel",
            Step.FIND: "query",
            Step.DESCRIBE: "query",
            Step.TEST: "query",
        },
        started_runs=started_runs,
        failure=("", "no sales today"),
        unknown_state={"code": "999999"},
        unknown_runs=("01b00000-000000000000", "", "../runs", "a b", "1?x=2"),
        refused=(
            ({"external_id": "LOAD"}, "externalId"),
            ({"external_id": "SALES.PUBLIC.LOAD; DROP TABLE X"}, "externalId"),
            ({"external_id": 'SALES.PUBLIC."LOAD"")'}, "externalId"),
            ({"external_id": "SALES.PUBLIC.LOAD(1)"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"timeoutSeconds": 0}}, "settings.timeoutSeconds"),
            ({"settings": {"warehouse": ""}}, "settings.warehouse"),
        ),
        parameters=SCHEMA,
        typed=True,
        outputs={"total": 7, "path": "/x"},
        foreign_addresses="the handle of a statement is used, and never its address",
    )


def a_platform(simulator: SimulatorProcess) -> Platform:
    return Platform.model_validate(
        {
            "name": "snowflake",
            "type": "Snowflake",
            "auth": {"method": "Token", "token": "vault://v/t"},
            "attributes": {
                "accountUrl": "https://myorg-acct1.snowflakecomputing.com",
                "endpoint": simulator.url,
                "database": "SALES",
                "warehouse": "LOADING",
            },
        }
    )


def a_job(behaviour: Behaviour) -> Job:
    outputs = (Parameter(name="path", direction=Direction.OUTPUT),)
    return Job(
        name="load",
        platform="snowflake",
        job_type=JobType.SNOWFLAKE_PROCEDURE,
        external_id=f"SALES.PUBLIC.{behaviour.name}(NUMBER, DATE, OBJECT)",
        parameters=(*SCHEMA, *(outputs if behaviour in GIVES else ())),
    )


def put_procedure(simulator: SimulatorProcess, **script: Any) -> None:
    """Script a procedure."""
    simulator.control("PUT", "procedures", script)


CASES: dict[str, MakeCase] = {JobType.SNOWFLAKE_PROCEDURE: snowflake}
