"""Defines the job type VertexAICustomJob, which passes parameters as environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from polysync_core.domain.definitions.jobs import Direction, Job, JobType, Parameter
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.google_vertex_ai.failure_details import failed_job
from polysync_core.platforms.google_vertex_ai.parameters import hints_at_secret
from polysync_core.platforms.google_vertex_ai.settings import (
    CustomSettings,
    with_custom_settings,
    without_job_retries,
)
from polysync_core.platforms.google_vertex_ai.states import JOB_STATES
from polysync_core.platforms.google_vertex_ai.template_job import TemplateJobType
from polysync_core.platforms.values import as_texts

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_SPECS = ("containerSpec", "pythonPackageSpec")


def _fill(copy: JsonObject, request: SubmitRequest) -> JsonObject:
    copy = with_custom_settings(copy, request.job)
    if request.is_only_try:
        copy = without_job_retries(copy)
    values = as_texts(request.parameters, request.job.parameters)
    pools: list[JsonValue] = [
        _with_variables(pool, values) if isinstance(pool, dict) else pool for pool in _pools(copy)
    ]
    return {**copy, "jobSpec": {**object_in(copy, "jobSpec"), "workerPoolSpecs": pools}}


def _with_variables(pool: JsonObject, values: Mapping[str, str]) -> JsonObject:
    """Return a worker pool with more variables; those of the template stay."""
    changed = {**pool}
    for kind in _SPECS:
        if kind in pool:
            spec = object_in(pool, kind)
            merged: dict[str, JsonValue] = {**dict(_variables(spec)), **values}
            env: list[JsonValue] = [
                {"name": name, "value": value} for name, value in merged.items()
            ]
            changed[kind] = {**spec, "env": env}
    return changed


def _pools(job: JsonObject) -> list[JsonValue]:
    pools = object_in(job, "jobSpec").get("workerPoolSpecs")
    return pools if isinstance(pools, list) else []


def _variables(spec: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    env = spec.get("env")
    for each in env if isinstance(env, list) else ():
        if isinstance(each, dict) and isinstance(name := each.get("name"), str):
            yield name, each.get("value")


def _describe(template: JsonObject) -> ArtefactSchema:
    """Return the environment variables of the first worker pool."""
    pools = [pool for pool in _pools(template) if isinstance(pool, dict)]
    found = {
        name: Parameter(name=name, default=None if hints_at_secret(name) else value)
        for kind in _SPECS
        for pool in pools[:1]
        for name, value in _variables(object_in(pool, kind))
        if _VARIABLE.fullmatch(name)
    }
    note = "a container may read other environment variables: add them to the job"
    return ArtefactSchema(parameters=tuple(found.values()), typed=True, notes=(note,))


def _check_names(job: Job) -> list[Problem]:
    return [
        Problem(
            f"parameters[{index}].name",
            "must be the name of an environment variable: letters, digits and '_'",
        )
        for index, parameter in enumerate(job.parameters)
        if parameter.direction is not Direction.OUTPUT
        and _VARIABLE.fullmatch(parameter.name) is None
    ]


CUSTOM_JOB = TemplateJobType(
    job_type=JobType.VERTEX_AI_CUSTOM_JOB,
    collection="customJobs",
    section="training",
    settings=CustomSettings,
    states=JOB_STATES,
    fill=_fill,
    describe=_describe,
    failure_details=failed_job,
    parameters=_check_names,
)
