"""Defines the attributes of an AWS Step Functions platform, such as the trace header."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.platforms.aws.attributes import AwsAttributes

type TraceHeader = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,256}$")]
"""A header of X-Ray, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1`."""


class StepFunctionsAttributes(AwsAttributes):
    """`attributes` of an AWS Step Functions platform."""

    trace_header: TraceHeader | None = None
    """The X-Ray header of the executions of Jobs that do not set one."""
