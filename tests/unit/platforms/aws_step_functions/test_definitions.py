"""Definitions of AWS Step Functions, and the external ids of executions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.aws_step_functions.external_id import Execution, StateMachine
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.registry import check_job, check_platform
from tests.fakes.builders import problems_of

OWNER = "arn:aws:states:eu-west-1:123456789012"
MACHINE = StateMachine.parse(f"{OWNER}:stateMachine:load")


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "aws",
            "type": "AwsStepFunctions",
            "auth": {
                "method": "AccessKey",
                "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "secretAccessKey": "vault://kv/aws",
            },
            "attributes": {"region": "eu-west-1", **attributes},
        }
    )


def a_job(external_id: str, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="aws",
        job_type=JobType.STEP_FUNCTIONS_STATE_MACHINE,
        external_id=external_id,
        settings=settings,
    )


@pytest.mark.parametrize("attributes", [{"region": "x"}, {"traceHeader": "a\nb"}, {"type": "x"}])
def test_a_wrong_platform_is_refused_by_its_field(attributes: dict[str, str]) -> None:
    platform = a_platform(**attributes)
    problems = problems_of(lambda: check_platform(platform, allow_loopback=False))

    assert [each.path for each in problems] == [f"attributes.{name}" for name in attributes]


@pytest.mark.parametrize("name", ["load", "load:7", "load:PROD", "Ümläut.x", "a+b=c@d"])
def test_a_machine_a_version_and_an_alias_are_accepted(name: str) -> None:
    check_job(a_platform(), a_job(f"{OWNER}:stateMachine:{name}", retryFrom="Failure"))


@pytest.mark.parametrize(
    "external_id",
    [
        "load",
        f"{OWNER}:stateMachine:",
        f"{OWNER}:stateMachine:a b",
        f"{OWNER}:stateMachine:a/b",
        f"{OWNER}:stateMachine:a:b:c",
        f"{OWNER}:execution:load:x",
        "arn:aws:lambda:eu-west-1:123456789012:function:load",
        f"{OWNER}:stateMachine:load\n",
    ],
)
def test_another_external_id_is_refused(external_id: str) -> None:
    with pytest.raises(Invalid, match="externalId"):
        StateMachine.parse(external_id)


def test_an_id_of_a_redrive_differs_and_leads_to_the_same_execution() -> None:
    execution = MACHINE.execution("token")
    redriven = Execution(arn=execution.arn, redriven_at=datetime(2026, 11, 30, tzinfo=UTC))

    assert redriven.external_run_id == f"{OWNER}:execution:load:token#1795996800000"
    assert Execution.of(MACHINE, redriven.external_run_id) == redriven
    assert Execution.of(MACHINE, execution.external_run_id) == execution


@pytest.mark.parametrize(
    "run_id",
    [
        f"{OWNER}:execution:other:token",
        f"{OWNER}:execution:load:token#x",
        f"{OWNER}:express:load:token:1",
        "arn:aws:states:us-east-1:123456789012:execution:load:token",
        "arn:aws:states:eu-west-1:000000000000:execution:load:token",
        "",
    ],
)
def test_a_run_of_another_machine_is_not_found(run_id: str) -> None:
    with pytest.raises(RunNotFound):
        Execution.of(MACHINE, run_id)
