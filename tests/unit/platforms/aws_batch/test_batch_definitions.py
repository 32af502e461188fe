"""The names, settings and parameters of Jobs of the type AwsBatchJob."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.platforms.aws_batch.parameters import schema_of
from polysync_core.platforms.aws_batch.settings import (
    BatchSettings,
    check_batch_job,
    definition_parts,
    normal_definition,
)

ARN = "arn:aws:batch:eu-west-1:123456789012:job-definition"


def a_job(**changes: Any) -> Job:
    fields = {
        "name": "load",
        "platform": "batch",
        "job_type": JobType.AWS_BATCH_JOB,
        "external_id": "load",
        **changes,
    }
    return Job(**fields)


@pytest.mark.parametrize(
    ("external_id", "normal", "parts"),
    [
        ("load", "load", ("load", None)),
        ("load:3", "load:3", ("load", 3)),
        (f"{ARN}/load", "load", ("load", None)),
        (f"{ARN}/load:3", "load:3", ("load", 3)),
        ("arn:aws-cn:batch:cn-north-1:123456789012:job-definition/l_1", "l_1", ("l_1", None)),
    ],
)
def test_a_definition_has_a_name_and_a_revision(
    external_id: str, normal: str, parts: tuple[str, int | None]
) -> None:
    assert check_batch_job(a_job(external_id=external_id)) == []
    assert (normal_definition(external_id), definition_parts(external_id)) == (normal, parts)


@pytest.mark.parametrize(
    "external_id",
    ["-load", "load:", "load:0", "load:03", "lo ad", "a" * 129, f"{ARN}s/load", f"x{ARN}/load"],
)
def test_another_text_is_refused(external_id: str) -> None:
    assert [each.path for each in check_batch_job(a_job(external_id=external_id))] == ["externalId"]


@pytest.mark.parametrize(
    ("settings", "is_only_try", "options"),
    [
        ({}, False, {}),
        ({}, True, {"retryStrategy": {"attempts": 1}}),
        ({"retryAttempts": 3}, True, {"retryStrategy": {"attempts": 3}}),
        ({"arraySize": 2}, False, {"arrayProperties": {"size": 2}}),
        ({"propagateTags": False}, False, {"propagateTags": False}),
        ({"schedulingPriorityOverride": 0}, False, {"schedulingPriorityOverride": 0}),
        ({"shareIdentifier": "team*"}, False, {"shareIdentifier": "team*"}),
        ({"tags": {"a": ""}}, False, {"tags": {"a": ""}}),
        (
            {"attemptDurationSeconds": 60},
            False,
            {"timeout": {"attemptDurationSeconds": 60}},
        ),
        (
            {"arraySize": 2, "dependsOn": [{"type": "SEQUENTIAL"}, {"jobId": "a-1"}]},
            False,
            {
                "arrayProperties": {"size": 2},
                "dependsOn": [{"type": "SEQUENTIAL"}, {"jobId": "a-1"}],
            },
        ),
    ],
)
def test_settings_become_options(
    settings: dict[str, Any], is_only_try: bool, options: dict[str, Any]
) -> None:
    job = a_job(settings=settings)

    assert check_batch_job(job) == []
    assert BatchSettings.of(job).options(is_only_try=is_only_try) == options


def test_placeholders_and_defaults_are_parameters() -> None:
    definition: dict[str, Any] = {
        "parameters": {"rows": "1", "unused": "x"},
        "containerProperties": {
            "command": ["load", "Ref::rows", "--day=Ref::day", 3],
            "environment": [{"name": "A", "value": "Ref::no"}],
        },
    }

    schema = schema_of(definition)

    assert schema.parameters == (
        Parameter(name="rows", default="1"),
        Parameter(name="unused", default="x"),
        Parameter(name="day", required=True),
    )
    assert schema.is_complete


@pytest.mark.parametrize(
    "properties",
    [
        {"nodeProperties": {"nodeRangeProperties": [{"container": {"command": ["Ref::a"]}}]}},
        {"ecsProperties": {"taskProperties": [{"containers": [{"command": ["Ref::a"]}]}]}},
        {"eksProperties": {"podProperties": {"containers": [{"args": ["Ref::a"]}]}}},
    ],
)
def test_the_command_of_each_kind_of_definition_is_read(properties: dict[str, Any]) -> None:
    assert [each.name for each in schema_of(properties).parameters] == ["a"]
