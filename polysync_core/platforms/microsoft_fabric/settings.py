"""Defines and checks the settings of Jobs that run Fabric items."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure.attributes import Guid
from polysync_core.platforms.microsoft_fabric.client import is_guid

type _Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class ExecuteOption(StrEnum):
    """The treatment of unpublished changes by the refresh of a dataflow."""

    SKIP_APPLY_CHANGES = "SkipApplyChanges"
    """The refresh runs the published dataflow."""
    APPLY_CHANGES_IF_NEEDED = "ApplyChangesIfNeeded"
    """Changes that are not published yet are published first."""


class NotebookSettings(SubmitSettings):
    """`settings` of a Job that runs a Fabric notebook."""

    default_lakehouse_id: Guid | None = None
    """The id of the lakehouse that the session uses, instead of the notebook's own."""
    default_lakehouse_name: _Text | None = None
    """The name of that lakehouse."""
    environment_id: Guid | None = None
    """The id of the environment that the session uses, instead of the notebook's own."""
    spark_settings: Annotated[dict[_Text, str], Field(max_length=100)] | None = None
    """Spark properties of the session, such as `spark.sql.shuffle.partitions: "64"`."""


class PipelineSettings(SubmitSettings):
    """`settings` of a Job that runs a Fabric pipeline."""


class DataflowSettings(SubmitSettings):
    """`settings` of a Job that refreshes a Dataflow Gen2."""

    execute_option: ExecuteOption = ExecuteOption.SKIP_APPLY_CHANGES
    """The treatment of changes that are not published yet."""


class SparkJobSettings(SubmitSettings):
    """`settings` of a Job that runs a Spark job definition."""

    executable_file: _Text | None = None
    """The `abfss://` path of the main file, instead of the definition's own."""
    main_class: _Text | None = None
    """The name of the main class, instead of the definition's own."""
    additional_library_uris: Annotated[list[_Text], Field(max_length=100)] | None = None
    """The `abfss://` paths of more libraries."""
    default_lakehouse_id: Guid | None = None
    """The id of a lakehouse of the workspace, instead of the definition's own."""
    environment_id: Guid | None = None
    """The id of an environment of the workspace, instead of the definition's own."""


def check_item_job(job: Job, settings: type[SubmitSettings]) -> list[Problem]:
    """Return the problems of a Job's item id and settings."""
    problems = settings_problems(settings, job.settings)
    if not is_guid(job.external_id):
        message = (
            "must be the id of the item, such as 5171b288-8487-4d1e-82b3-693edfa14aee: copy it from"
            " the address of the item's page"
        )
        problems.insert(0, Problem("externalId", message))
    return problems
