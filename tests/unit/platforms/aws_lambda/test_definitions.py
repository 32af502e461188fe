"""Definitions of AWS Lambda: platforms, and Jobs that invoke functions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.aws_lambda.attributes import InvocationType, LambdaAttributes
from polysync_core.platforms.aws_lambda.settings import Invocation
from polysync_core.platforms.registry import check_job, check_platform
from tests.fakes.builders import problems_of

ROLE = {"method": "WebIdentityFederation", "roleArn": "arn:aws:iam::123456789012:role/polysync"}
OWNER = "arn:aws:lambda:eu-west-1:123456789012:function"


def a_platform(auth: dict[str, str] = ROLE, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "aws",
            "type": "AwsLambda",
            "auth": auth,
            "attributes": {"region": "eu-west-1", **attributes},
        }
    )


def a_job(external_id: str, **settings: Any) -> Job:
    return Job(
        name="report",
        platform="aws",
        job_type=JobType.AWS_LAMBDA_FUNCTION,
        external_id=external_id,
        settings=settings,
    )


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        (a_platform({"method": "ManagedIdentity"}), "auth.method"),
        (a_platform({"method": "AccessKey"}), "auth.accessKeyId"),
        (a_platform(region="europe"), "attributes.region"),
        (a_platform(region="eu-west-1.evil.example"), "attributes.region"),
        (a_platform(region="cn-north-1"), "auth.roleArn"),
        (a_platform(endpoint="http://127.0.0.1:9789"), "attributes.endpoint"),
        (a_platform(endpoint="https://evil.example"), "attributes.endpoint"),
        (a_platform(invocationType="event"), "attributes.invocationType"),
        (a_platform(qualifier="a b"), "attributes.qualifier"),
        (a_platform(functionName="x"), "attributes.functionName"),
    ],
)
def test_a_wrong_platform_is_refused_by_its_field(platform: Platform, path: str) -> None:
    problems = problems_of(lambda: check_platform(platform, allow_loopback=False))

    assert path in [each.path for each in problems]


@pytest.mark.parametrize("external_id", ["report", "a-b_C", "x" * 64, f"{OWNER}:report"])
def test_a_name_and_an_arn_are_accepted(external_id: str) -> None:
    check_job(a_platform(), a_job(external_id))


@pytest.mark.parametrize(
    "external_id",
    [
        "a/b",
        "../x",
        "a b",
        "ä",
        "x" * 65,
        "report:prod",
        f"{OWNER}:report:prod",
        "123456789012:function:report",
        "arn:aws:lambda:eu-west-1:12:function:report",
        "arn:evil:lambda:eu-west-1:123456789012:function:report",
    ],
)
def test_another_external_id_is_refused(external_id: str) -> None:
    problems = problems_of(lambda: check_job(a_platform(), a_job(external_id)))

    assert [each.path for each in problems] == ["externalId"]


def test_a_qualified_name_has_the_remedy() -> None:
    problems = problems_of(lambda: check_job(a_platform(), a_job("report:prod")))

    assert "settings.qualifier" in problems[0].text


def test_the_settings_of_the_job_have_priority_over_the_attributes() -> None:
    attributes = LambdaAttributes.of(a_platform(invocationType="Event", qualifier="prod"))

    usual = Invocation.of(a_job("report"), attributes)
    own = Invocation.of(a_job("report", invocationType="DryRun", qualifier="7"), attributes)

    assert (usual.type, usual.qualifier) == (InvocationType.EVENT, "prod")
    assert (own.type, own.qualifier) == (InvocationType.DRY_RUN, "7")
    assert "eu-west-1.console.aws.amazon.com" in own.page
