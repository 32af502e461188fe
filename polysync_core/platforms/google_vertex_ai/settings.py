"""Defines the settings of Vertex AI Jobs, and applies these settings to copied jobs."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from polysync_core.domain.definitions.base import FieldError
from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.google.attributes import StoragePath, matching

type Table = Annotated[
    str,
    matching(
        re.compile(r"bq://[A-Za-z0-9_.:$-]{1,1024}"),
        "must be a place in BigQuery, such as bq://project.dataset.table",
    ),
]
type Image = Annotated[
    str,
    matching(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}"),
        "must be a container image, such as europe-docker.pkg.dev/acme/images/train:1",
    ),
]
type Word = Annotated[
    str,
    matching(re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}"), "must be a name, such as n1-standard-4"),
]
type Model = Annotated[
    str,
    matching(
        re.compile(r"(?:projects|publishers)/[A-Za-z0-9_.:@/-]{1,480}"),
        "must be the name of a model, such as projects/acme/locations/europe-west1/models/1",
    ),
]


class Caching(StrEnum):
    """The reuse of results of earlier tasks."""

    TEMPLATE = "Template"
    """Each task has the option of the template."""
    ON = "On"
    OFF = "Off"


class PipelineSettings(SubmitSettings):
    """`settings` of a Job of the type VertexAIPipelineJob."""

    gcs_output_directory: StoragePath | None = None
    """The folder for the files of a run, such as `gs://bucket/runs`; empty for the template's."""
    caching: Caching = Caching.TEMPLATE
    """The reuse of results of earlier runs: as in the template, for every task, or for none."""


class CustomSettings(SubmitSettings):
    """`settings` of a Job of the type VertexAICustomJob; they change the first worker pool."""

    machine_type: Word | None = None
    """The machine type, such as `n1-standard-4`; empty for that of the template."""
    image_uri: Image | None = None
    """The container image; empty for that of the template."""
    replica_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """The number of workers; empty for that of the template."""
    accelerator_type: Word | None = None
    """The accelerator, such as `NVIDIA_TESLA_T4`; empty for that of the template."""
    accelerator_count: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The number of accelerators of a worker; empty for that of the template."""


PLACES = frozenset({"gcsSource", "bigquerySource", "gcsDestination", "bigqueryDestination"})
"""The settings of a batch prediction that a parameter of the same name replaces for a run."""


class BatchSettings(SubmitSettings):
    """`settings` of a Job of the type VertexAIBatchPredictionJob."""

    model: Model | None = None
    """The model, such as `projects/acme/locations/europe-west1/models/1@2`; empty for the same."""
    gcs_source: StoragePath | None = None
    """The files with the instances, such as `gs://bucket/in/*.jsonl`; empty for the same."""
    bigquery_source: Table | None = None
    """The table with the instances, such as `bq://project.dataset.table`; empty for the same."""
    gcs_destination: StoragePath | None = None
    """The folder for the predictions, such as `gs://bucket/out`; empty for that of the template."""
    bigquery_destination: Table | None = None
    """The place for the predictions, such as `bq://project.dataset`; empty for the same."""

    @model_validator(mode="after")
    def _one_source_and_destination(self) -> BatchSettings:
        if self.gcs_source and self.bigquery_source:
            raise FieldError("bigquerySource", "excludes gcsSource: remove one of them")
        if self.gcs_destination and self.bigquery_destination:
            raise FieldError("bigqueryDestination", "excludes gcsDestination: remove one of them")
        return self


def with_pipeline_settings(template: JsonObject, job: Job) -> JsonObject:
    """Return a pipeline job with the folder and the caching of a Job's settings."""
    settings = PipelineSettings.model_validate(job.settings)
    changed = {**template}
    if settings.gcs_output_directory is not None:
        config = object_in(template, "runtimeConfig")
        changed["runtimeConfig"] = {**config, "gcsOutputDirectory": settings.gcs_output_directory}
    if settings.caching is not Caching.TEMPLATE:
        caching: JsonObject = {"enableCache": settings.caching is Caching.ON}
        spec = object_in(template, "pipelineSpec")
        changed["pipelineSpec"] = with_tasks(spec, {"cachingOptions": caching})
    return changed


def without_task_retries(template: JsonObject) -> JsonObject:
    """Return a pipeline job whose tasks are not retried by Vertex AI."""
    spec = object_in(template, "pipelineSpec")
    return {**template, "pipelineSpec": with_tasks(spec, {"retryPolicy": None})}


def without_job_retries(template: JsonObject) -> JsonObject:
    """Return a custom job that Vertex AI does not retry."""
    spec = object_in(template, "jobSpec")
    scheduling = {**object_in(spec, "scheduling"), "disableRetries": True}
    scheduling.pop("restartJobOnWorkerRestart", None)
    return {**template, "jobSpec": {**spec, "scheduling": scheduling}}


def with_tasks(spec: JsonObject, changes: JsonObject) -> JsonObject:
    """Return a specification with changed fields of every task; None removes a field."""
    components = object_in(spec, "components")
    changed: JsonObject = {
        name: _with_tasks(object_in(components, name), changes) for name in components
    }
    root = _with_tasks(object_in(spec, "root"), changes)
    return {**spec, "root": root, **({"components": changed} if components else {})}


def _with_tasks(component: JsonObject, changes: JsonObject) -> JsonObject:
    dag = object_in(component, "dag")
    tasks = object_in(dag, "tasks")
    changed: JsonObject = {
        name: {
            field: value
            for field, value in {**object_in(tasks, name), **changes}.items()
            if value is not None
        }
        for name in tasks
    }
    return {**component, "dag": {**dag, "tasks": changed}} if tasks else component


def with_custom_settings(template: JsonObject, job: Job) -> JsonObject:
    """Return a custom job with a Job's settings in its first worker pool."""
    settings = CustomSettings.model_validate(job.settings)
    machine: JsonObject = {
        "machineType": settings.machine_type,
        "acceleratorType": settings.accelerator_type,
        "acceleratorCount": settings.accelerator_count,
    }
    spec = object_in(template, "jobSpec")
    pools = spec.get("workerPoolSpecs")
    if not isinstance(pools, list) or not pools or not isinstance(pools[0], dict):
        return template
    first = _merged(pools[0], "machineSpec", machine)
    kind, field = ("pythonPackageSpec", "executorImageUri")
    if "containerSpec" in first:
        kind, field = ("containerSpec", "imageUri")
    first = _merged(first, kind, {field: settings.image_uri})
    if settings.replica_count is not None:
        first["replicaCount"] = settings.replica_count
    return {**template, "jobSpec": {**spec, "workerPoolSpecs": [first, *pools[1:]]}}


def batch_settings(job: Job, values: JsonObject) -> BatchSettings | str:
    """Return a Job's settings with the source and destination of a run.

    A text is the name of a wrong value. A source of the run replaces both sources of the settings,
    because they exclude each other.
    """
    replaced = {kind for name in values for kind in ("Source", "Destination") if kind in name}
    kept = {
        name: value
        for name, value in job.settings.items()
        if not any(name.endswith(kind) for kind in replaced)
    }
    try:
        return BatchSettings.model_validate({**kept, **values})
    except ValidationError as error:
        return ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or min(values)


def with_batch_settings(template: JsonObject, settings: BatchSettings) -> JsonObject:
    """Return a batch prediction job with the model, source and destination of the settings."""
    changed = {**template}
    if settings.model is not None:
        changed["model"] = settings.model
        changed.pop("unmanagedContainerModel", None)
    source = object_in(template, "inputConfig")
    if settings.gcs_source is not None:
        files: list[JsonValue] = [settings.gcs_source]
        source = _placed(source, "Source", gcs={"uris": files})
    elif settings.bigquery_source is not None:
        source = _placed(source, "Source", bigquery={"inputUri": settings.bigquery_source})
    target = object_in(template, "outputConfig")
    if settings.gcs_destination is not None:
        folder: JsonObject = {"outputUriPrefix": settings.gcs_destination}
        target = _placed(target, "Destination", gcs=folder)
    elif settings.bigquery_destination is not None:
        table: JsonObject = {"outputUri": settings.bigquery_destination}
        target = _placed(target, "Destination", bigquery=table)
    return {**changed, "inputConfig": source, "outputConfig": target}


def _placed(config: JsonObject, kind: str, **given: JsonObject) -> JsonObject:
    """Return a configuration with another source or destination.

    The format `bigquery` belongs to tables only, and a table has no other format.
    """
    (service, value), *_ = given.items()
    names = {f"gcs{kind}", f"bigquery{kind}"}
    kept = {name: each for name, each in config.items() if name not in names}
    form = "instancesFormat" if kind == "Source" else "predictionsFormat"
    if service == "bigquery":
        kept[form] = "bigquery"
    elif kept.get(form) == "bigquery":
        kept[form] = "jsonl"
    return {**kept, f"{service}{kind}": value}


def _merged(outer: JsonObject, name: str, values: JsonObject) -> JsonObject:
    """Return an object whose part `name` has the given values, without those that are None."""
    given = {field: value for field, value in values.items() if value is not None}
    return {**outer, name: {**object_in(outer, name), **given}} if given else outer
