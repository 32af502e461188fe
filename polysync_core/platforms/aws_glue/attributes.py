"""Defines the attributes of an AWS Glue platform, such as the default worker type."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.platforms.aws.attributes import AwsAttributes

type WorkerType = Annotated[str, StringConstraints(pattern=r"^(?:Standard|[A-Z]\.[0-9]{1,3}X)$")]
type NumberOfWorkers = Annotated[int, Field(ge=1, le=10_000)]
type TimeoutMinutes = Annotated[int, Field(ge=1, le=10_080)]


class GlueAttributes(AwsAttributes):
    """`attributes` of an AWS Glue platform; a setting of a Job overrides a default here."""

    worker_type: WorkerType | None = None
    """The default type of the workers, such as `G.1X`."""
    number_of_workers: NumberOfWorkers | None = None
    """The default number of workers; it has an effect only with a worker type."""
    timeout_minutes: TimeoutMinutes | None = None
    """The default number of minutes after which Glue stops a run."""
