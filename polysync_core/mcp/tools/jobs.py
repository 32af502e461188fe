"""Defines the MCP tools that change a Job, and create a Task from a Job."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue, merge_patch
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Confirm, Name, Values
from polysync_core.mcp.errors import UnknownName, UnknownNames
from polysync_core.mcp.in_process_api import ApiError, InProcessApi
from polysync_core.mcp.tool import Tool

_READ_ONLY = ("etag", "updatedAt", "broken")
_PARAMETER_FIELDS = ("name", "dataType", "direction", "required", "default")


class ConfigureJob(Arguments):
    """The arguments of `configure_job`."""

    job: Annotated[Name, Field(description="The name of the Job.")]
    changes: Annotated[
        Values,
        Field(
            description="Fields of the Job with their new values, as a JSON merge patch: "
            "displayName, description, externalId, settings, tags, parameters; null resets a "
            "field."
        ),
    ] = Field(default_factory=dict)
    parameter_defaults: Annotated[
        Values, Field(description="New defaults of the Job's parameters, by parameter name.")
    ] = Field(default_factory=dict)
    confirm: Confirm = False


class CreateTaskFromJob(Arguments):
    """The arguments of `create_task_from_job`."""

    job: Annotated[Name, Field(description="The name of the Job.")]
    task: Annotated[
        ObjectName,
        Field(description="A name for the Task: 1 to 63 of a-z, 0-9 and hyphens."),
    ]
    parameters: Annotated[
        Values,
        Field(
            description="Values that differ from the Job's defaults: literals, text with "
            "${run.…}, or vault://… for secrets."
        ),
    ] = Field(default_factory=dict)
    confirm: Confirm = False


async def _configure_job(api: InProcessApi, given: ConfigureJob) -> JsonObject:
    job = await api.get("jobs", given.job)
    changes = _changes(job, given)
    link = f"/api/jobs/{given.job}"
    preview = await _preview_change(api, job, changes)
    if not given.confirm or "differences" not in preview:
        return {**preview, "link": link}
    # The condition prevents a lost update if the Job has changed since it was read.
    headers = {"if-match": str(job["etag"])}
    try:
        await api.send("PATCH", "jobs", given.job, body=changes, headers=headers)
    except ApiError as error:
        raise _with_argument_paths(error, "", "changes.") from error
    return {"done": f"changed Job '{given.job}'", "link": link}


async def _preview_change(api: InProcessApi, job: JsonObject, changes: JsonObject) -> JsonObject:
    content = {name: value for name, value in job.items() if name not in _READ_ONLY}
    plan = await _plan(api, "jobs", merge_patch(content, changes), field="changes")
    updates = items_of(plan, "update")
    if not updates:
        return {"would": "nothing: the Job has these values already"}
    differences = untrusted(updates[0]["differences"])
    would = f"change Job '{job['name']}'"
    return {"would": would, "differences": differences, "toDoIt": "confirm: true"}


def _changes(job: JsonObject, given: ConfigureJob) -> JsonObject:
    """Return the merge patch of all changes, or raise `Invalid` or `UnknownNames`."""
    if given.changes.get("name", given.job) != given.job:
        raise Invalid.at("changes.name", "cannot be changed: define the Job under another name")
    if not given.parameter_defaults or not _may_be_parameters(given.changes.get("parameters")):
        return given.changes
    parameters = items_of({**job, **given.changes}, "parameters")
    known = [str(each.get("name")) for each in parameters]
    unknown = [
        UnknownName(f"parameterDefaults.{name}", name, known, foreign=True)
        for name in given.parameter_defaults
        if name not in known
    ]
    if unknown:
        raise UnknownNames(unknown)
    defaults = given.parameter_defaults
    changed: list[JsonValue] = [
        {**each, "default": defaults[name]} if name in defaults else each
        for name, each in zip(known, parameters, strict=True)
    ]
    return {**given.changes, "parameters": changed}


def _may_be_parameters(value: JsonValue) -> bool:
    """Return whether a value could be parameters; the API refuses other values."""
    return value is None or (
        isinstance(value, list) and all(isinstance(each, dict) for each in value)
    )


async def _create_task_from_job(api: InProcessApi, given: CreateTaskFromJob) -> JsonObject:
    job = await api.get("jobs", given.job)
    if given.confirm:
        body: JsonObject = {"name": given.task, "parameters": given.parameters}
        await api.send("POST", "jobs", given.job, "tasks", body=body)
        return {
            "done": f"created Task '{given.task}'",
            "next": "run_task_once starts it; apply_definitions adds schedules, dependencies, "
            "retries and limits.",
            "link": f"/api/tasks/{given.task}",
        }
    return await _preview_creation(api, job, given)


async def _preview_creation(
    api: InProcessApi, job: JsonObject, given: CreateTaskFromJob
) -> JsonObject:
    definition: JsonObject = {"name": given.task, "job": given.job, "parameters": given.parameters}
    plan = await _plan(api, "tasks", definition, field="")
    if not plan["create"]:
        return {"would": f"nothing: Task '{given.task}' already exists; choose another name"}
    parameters = [
        compact({name: each.get(name) for name in _PARAMETER_FIELDS})
        for each in items_of(job, "parameters")
    ]
    return compact(
        {
            "would": f"create Task '{given.task}' from Job '{given.job}'",
            "parameters": given.parameters,
            "inherits": untrusted([*parameters]),
            "toDoIt": "confirm: true",
        }
    )


async def _plan(api: InProcessApi, kind: str, definition: JsonValue, *, field: str) -> JsonObject:
    """Return the plan of one definition; problems name the argument `field`."""
    body: JsonObject = {kind: [definition]}
    query = {"dryRun": "true"}
    try:
        return await api.send("PUT", "definitions", body=body, query=query)
    except ApiError as error:
        prefix = f"{field}." if field else ""
        raise _with_argument_paths(error, f"{kind}[0].", prefix) from error


def _with_argument_paths(error: ApiError, prefix: str, replacement: str) -> ApiError:
    """Replace the API paths in an error by argument paths; paths of Tasks are unchanged."""
    if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return error

    def argument_path(path: str) -> str:
        is_argument = path.startswith(prefix) and not path.startswith("tasks/")
        return replacement + path.removeprefix(prefix) if is_argument else path

    errors: list[JsonValue] = [
        {**each, "path": argument_path(str(each["path"]))}
        for each in items_of(error.problem, "errors")
    ]
    detail = "The change is invalid." if errors else error.problem.get("detail")
    return ApiError(error.status, {**error.problem, "errors": errors, "detail": detail}, None)


CONFIGURE_JOB = Tool(
    name="configure_job",
    description="Changes fields of a Job: its display name, description, parameter defaults or "
    "any other field. Without confirm it only shows the differences.",
    arguments=ConfigureJob,
    run=_configure_job,
    route=("PATCH", "/jobs/{name}"),
)
CREATE_TASK_FROM_JOB = Tool(
    name="create_task_from_job",
    description="Creates a Task from a Job, with the Job's defaults. Without confirm it only "
    "shows the Task that it would create.",
    arguments=CreateTaskFromJob,
    run=_create_task_from_job,
    route=("POST", "/jobs/{name}/tasks"),
)
