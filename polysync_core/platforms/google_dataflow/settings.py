"""Defines the settings of Dataflow Jobs: template, workers, streaming completion and stop mode."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.google.attributes import StoragePath, matching

TEMPLATE = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/[^\s#?*\[\]]{0,1022}[^\s#?*\[\]/]")
"""The path of a template's file."""

_RULE = "must be the path of a template's file, such as gs://bucket/templates/load"
type TemplatePath = Annotated[str, matching(TEMPLATE, _RULE)]
type Email = Annotated[
    str,
    matching(
        re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,200}"),
        "must be a service account, such as name@project.iam.gserviceaccount.com",
    ),
]
type Name = Annotated[
    str,
    matching(re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}"), "must be a name, such as n1-standard-4"),
]
type Network = Annotated[
    str,
    matching(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,300}"),
        "must be the name or the address of a network, such as regions/europe-west3/subnetworks/x",
    ),
]


class StreamingRun(StrEnum):
    """The end of the run of a streaming job."""

    UNTIL_END = "UntilEnd"
    """The run is active until the job is drained, cancelled or failed."""
    UNTIL_RUNNING = "UntilRunning"
    """The run succeeds as soon as the job processes data; the job continues."""


class StopBy(StrEnum):
    """The ways to stop a streaming job; a batch job is always cancelled."""

    CANCEL = "Cancel"
    """The job stops at once, and data in flight is lost."""
    DRAIN = "Drain"
    """The job reads no more data, and processes the data in flight."""


class TemplateSettings(SubmitSettings):
    """The `settings` of a Job of both job types."""

    template_path: TemplatePath | None = None
    """The template's file; needed if the external id is that of a past job."""
    streaming_run: StreamingRun = StreamingRun.UNTIL_END
    """The end of the run of a streaming job, which does not end by itself."""
    stop_by: StopBy = StopBy.CANCEL
    """The way to stop a streaming job."""
    service_account_email: Email | None = None
    """The account of the workers; empty for that of the template."""
    temp_location: StoragePath | None = None
    """The folder for temporary files, such as `gs://bucket/temp`."""
    machine_type: Name | None = None
    """The machine type of the workers, such as `n1-standard-4`."""
    num_workers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The number of workers at the start."""
    max_workers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The largest number of workers."""
    network: Network | None = None
    """The network of the workers."""
    subnetwork: Network | None = None
    """The subnetwork of the workers, such as `regions/europe-west3/subnetworks/data`."""
    private_workers: bool = False
    """True if the workers get no public IP address."""

    @classmethod
    def of(cls, job: Job) -> TemplateSettings:
        """Return the settings of a checked Job."""
        return cls.model_validate(job.settings)

    def environment(self) -> JsonObject:
        """Return the settings of the workers in the form of the API."""
        given: dict[str, JsonValue] = self.model_dump(
            by_alias=True,
            exclude_none=True,
            exclude={"resubmit", "template_path", "streaming_run", "stop_by", "private_workers"},
        )
        if self.private_workers:
            given["ipConfiguration"] = "WORKER_IP_PRIVATE"
        return given


class FlexSettings(TemplateSettings):
    """`settings` of a Job of the type DataflowFlexTemplate."""

    staging_location: StoragePath | None = None
    """The folder for the files of the pipeline, such as `gs://bucket/staging`."""
    launcher_machine_type: Name | None = None
    """The machine type that launches the pipeline."""


def template_path(job: Job) -> str | None:
    """Return the path of a Job's template: the external id, or the setting."""
    if job.external_id.startswith("gs://"):
        return job.external_id
    path = job.settings.get("templatePath")
    return path if isinstance(path, str) else None
