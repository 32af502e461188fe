"""Defines and checks the settings and the function name of AwsLambdaFunction Jobs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import settings_problems
from polysync_core.outbound.sign_in.aws.partitions import (
    ACCOUNT_PATTERN,
    PARTITION_PATTERN,
    REGION_PATTERN,
    console_url,
)
from polysync_core.platforms.aws_lambda.attributes import (
    InvocationType,
    LambdaAttributes,
    Qualifier,
)

MAX_SECONDS = 540.0
"""The longest wait for the answer of a function: an activity of the app has ten minutes."""

_FUNCTION = re.compile(
    rf"(?:arn:{PARTITION_PATTERN}:lambda:(?P<region>{REGION_PATTERN}):{ACCOUNT_PATTERN}:function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})"
)
_QUALIFIED = re.compile(rf"{_FUNCTION.pattern}:(?:[A-Za-z0-9$_-]{{1,128}})")


class LambdaSettings(SubmitSettings):
    """`settings` of a Job that invokes a Lambda function."""

    invocation_type: InvocationType | None = None
    """The way to invoke the function; None: as the platform's attribute says."""
    qualifier: Qualifier | None = None
    """The version or alias of the function; None: as the platform's attribute says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The function of a Job, and the way to invoke it."""

    function: str
    """The name or the ARN of the function."""
    name: str
    type: InvocationType
    qualifier: str | None
    region: str

    @classmethod
    def of(cls, job: Job, attributes: LambdaAttributes) -> Invocation:
        """Return the invocation of a Job; raises `Invalid`."""
        problems = check_lambda_job(job)
        if problems:
            raise Invalid(problems)
        settings = LambdaSettings.model_validate(job.settings)
        return cls(
            function=job.external_id,
            name=function_name(job.external_id, attributes.region),
            type=settings.invocation_type or attributes.invocation_type,
            qualifier=settings.qualifier or attributes.qualifier,
            region=attributes.region,
        )

    @property
    def page(self) -> str:
        """The address of the function's page in the console."""
        target = f"lambda/home?region={self.region}#/functions/{self.name}?tab=monitoring"
        return console_url(self.region, target)


def function_name(external_id: str, region: str) -> str:
    """Return the name of a function; raises `Invalid` for an ARN of another region."""
    found = _FUNCTION.fullmatch(external_id)
    if found is None:
        remedy = "must be the name or the ARN of a function"
        if _QUALIFIED.fullmatch(external_id):
            remedy += ": put the version or alias into settings.qualifier"
        raise Invalid.at("externalId", remedy)
    if found["region"] not in {None, region}:
        message = f"is in the region {found['region']}, but the platform in {region}"
        raise Invalid.at("externalId", message)
    return found["name"]


def check_lambda_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that invokes a function."""
    problems = settings_problems(LambdaSettings, job.settings)
    found = _FUNCTION.fullmatch(job.external_id)
    try:
        function_name(job.external_id, (found["region"] if found else None) or "")
    except Invalid as error:
        problems += error.problems
    return problems
