"""Defines the attributes of an Amazon SageMaker platform, such as the execution role."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.outbound.sign_in.aws.partitions import console_url
from polysync_core.platforms.aws.attributes import AwsAttributes

_ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$"


class SageMakerAttributes(AwsAttributes):
    """`attributes` of an Amazon SageMaker platform."""

    pipeline_execution_role_arn: Annotated[str, StringConstraints(pattern=_ROLE)] | None = None
    """The role of the executions; empty for the role of the pipeline."""
    studio_domain_id: Annotated[str, StringConstraints(pattern=r"^d-[a-z0-9]{1,60}$")] | None = None
    """The id of the Studio domain, such as `d-abc123`, for links to executions."""

    def page(self, pipeline: str, execution_id: str) -> str:
        """Return the address of an execution in Studio, or of SageMaker in the console."""
        if self.studio_domain_id is None:
            return console_url(self.region, f"sagemaker/home?region={self.region}#/landing")
        return (
            f"https://studio-{self.studio_domain_id}.studio.{self.region}.sagemaker.aws"
            f"/pipelines/view/{pipeline}/executions/{execution_id}/graph"
        )
