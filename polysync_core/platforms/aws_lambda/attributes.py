"""Defines the attributes of an AWS Lambda platform, such as the invocation type."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.platforms.aws.attributes import AwsAttributes

type Qualifier = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9$_-]{1,128}$")]
"""A version, such as `7` or `$LATEST`, or the name of an alias."""


class InvocationType(StrEnum):
    """The ways to invoke a function."""

    REQUEST_RESPONSE = "RequestResponse"
    """The run ends when the function answers."""
    EVENT = "Event"
    """The run succeeds when Lambda has queued the event; the outcome of the function is unknown."""
    DRY_RUN = "DryRun"
    """The run checks the permission and the values only; the function is not invoked."""


class LambdaAttributes(AwsAttributes):
    """`attributes` of an AWS Lambda platform."""

    invocation_type: InvocationType = InvocationType.REQUEST_RESPONSE
    """The way to invoke the functions of Jobs that do not choose one."""
    qualifier: Qualifier | None = None
    """The version or alias of the functions of Jobs that do not choose one; None for `$LATEST`."""
