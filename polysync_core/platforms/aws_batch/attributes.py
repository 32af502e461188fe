"""Defines the attributes of an AWS Batch platform, such as the default job queue."""

from __future__ import annotations

from polysync_core.platforms.aws.attributes import AwsAttributes
from polysync_core.platforms.aws_batch.settings import JobQueue


class BatchAttributes(AwsAttributes):
    """`attributes` of an AWS Batch platform."""

    default_job_queue: JobQueue | None = None
    """The name or the ARN of the job queue for Jobs without the setting `jobQueue`."""
