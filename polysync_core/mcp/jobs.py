"""The tools of Jobs: changing one, and making a Task of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject, JsonValue, merge_patch
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Confirm, Name, Values
from polysync_core.mcp.in_process_api import Api, ApiRefusal
from polysync_core.mcp.suggestions import Choice, NoSuchChoice
from polysync_core.mcp.tool import Tool

_READ_ONLY = ("etag", "updatedAt")
_ABOUT_A_PARAMETER = ("name", "dataType", "direction", "required", "default")


class ConfigureJob(Arguments):
    """The arguments of `configure_job`."""

    job: Annotated[Name, Field(description="The name of the Job.")]
    changes: Annotated[
        Values,
        Field(
            description="Fields of the Job with their new values, as a JSON merge patch: "
            "displayName, description, externalId, settings, tags, parameters; null sets a field "
            "back."
        ),
    ] = Field(default_factory=dict)
    parameter_defaults: Annotated[
        Values, Field(description="New defaults by the names of the Job's parameters.")
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
            "${run.…} in it, or vault://… for secrets."
        ),
    ] = Field(default_factory=dict)
    confirm: Confirm = False


async def _configure_job(api: Api, given: ConfigureJob) -> JsonObject:
    job = await api.get("jobs", given.job)
    changes = _changes(job, given)
    link = f"/api/jobs/{given.job}"
    would = await _would_change(api, job, changes)
    if not given.confirm or "differences" not in would:
        return {**would, "link": link}
    # What is changed is what was read here: another's change in between is not written over.
    headers = {"if-match": str(job["etag"])}
    try:
        await api.send("PATCH", "jobs", given.job, body=changes, headers=headers)
    except ApiRefusal as refusal:
        raise _within(refusal, "", "changes.") from refusal
    return {"done": f"changed Job '{given.job}'", "link": link}


async def _would_change(api: Api, job: JsonObject, changes: JsonObject) -> JsonObject:
    content = {name: value for name, value in job.items() if name not in _READ_ONLY}
    plan = await _plan(api, "jobs", merge_patch(content, changes), field="changes")
    updates = items_of(plan, "update")
    if not updates:
        return {"would": "nothing: the Job says all of this already"}
    differences = untrusted(updates[0]["differences"])
    would = f"change Job '{job['name']}'"
    return {"would": would, "differences": differences, "toDoIt": "confirm: true"}


def _changes(job: JsonObject, given: ConfigureJob) -> JsonObject:
    """Return the merge patch of all that is to be changed; raises `Invalid` or `NoSuchChoice`."""
    if given.changes.get("name", given.job) != given.job:
        raise Invalid.at("changes.name", "cannot be changed: define the Job under another name")
    if not given.parameter_defaults or not _may_be_parameters(given.changes.get("parameters")):
        return given.changes
    listed = items_of({**job, **given.changes}, "parameters")
    known = [str(each.get("name")) for each in listed]
    missing = [
        Choice(f"parameterDefaults.{name}", name, known, foreign=True)
        for name in given.parameter_defaults
        if name not in known
    ]
    if missing:
        raise NoSuchChoice(missing)
    defaults = given.parameter_defaults
    parameters: list[JsonValue] = [
        {**each, "default": defaults[name]} if name in defaults else each
        for name, each in zip(known, listed, strict=True)
    ]
    return {**given.changes, "parameters": parameters}


def _may_be_parameters(value: JsonValue) -> bool:
    """Tell whether defaults can be looked for here; what cannot be parameters, the API refuses."""
    return value is None or (
        isinstance(value, list) and all(isinstance(each, dict) for each in value)
    )


async def _create_task_from_job(api: Api, given: CreateTaskFromJob) -> JsonObject:
    job = await api.get("jobs", given.job)
    if given.confirm:
        body: JsonObject = {"name": given.task, "parameters": given.parameters}
        await api.send("POST", "jobs", given.job, "tasks", body=body)
        return {
            "done": f"created Task '{given.task}'",
            "next": "run_task_once starts it; apply_definitions gives it schedules, dependencies, "
            "retries and limits.",
            "link": f"/api/tasks/{given.task}",
        }
    return await _would_create(api, job, given)


async def _would_create(api: Api, job: JsonObject, given: CreateTaskFromJob) -> JsonObject:
    raw: JsonObject = {"name": given.task, "job": given.job, "parameters": given.parameters}
    plan = await _plan(api, "tasks", raw, field="")
    if not plan["create"]:
        return {"would": f"nothing: there is a Task '{given.task}' already; choose another name"}
    parameters = [
        compact({name: each.get(name) for name in _ABOUT_A_PARAMETER})
        for each in items_of(job, "parameters")
    ]
    return compact(
        {
            "would": f"create Task '{given.task}' of Job '{given.job}'",
            "parameters": given.parameters,
            "inherits": untrusted([*parameters]),
            "toDoIt": "confirm: true",
        }
    )


async def _plan(api: Api, kind: str, definition: JsonValue, *, field: str) -> JsonObject:
    """Return what writing one definition would change; what is wrong is told of `field`."""
    body: JsonObject = {kind: [definition]}
    query = {"dryRun": "true"}
    try:
        return await api.send("PUT", "definitions", body=body, query=query)
    except ApiRefusal as refusal:
        prefix = f"{field}." if field else ""
        raise _within(refusal, f"{kind}[0].", prefix) from refusal


def _within(refusal: ApiRefusal, prefix: str, instead: str) -> ApiRefusal:
    """Return a refusal that tells paths as of the tool's arguments; those of Tasks stay."""
    if refusal.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        return refusal

    def told(path: str) -> str:
        is_ours = path.startswith(prefix) and not path.startswith("tasks/")
        return instead + path.removeprefix(prefix) if is_ours else path

    errors: list[JsonValue] = [
        {**each, "path": told(str(each["path"]))} for each in items_of(refusal.problem, "errors")
    ]
    detail = "The change breaks a rule." if errors else refusal.problem.get("detail")
    return ApiRefusal(refusal.status, {**refusal.problem, "errors": errors, "detail": detail}, None)


CONFIGURE_JOB = Tool(
    name="configure_job",
    description="Changes attributes of a Job: its display name, description, defaults of "
    "parameters or any other. Without confirm it only says what would differ.",
    arguments=ConfigureJob,
    run=_configure_job,
    asks=("PATCH", "/jobs/{name}"),
    names={"job": "jobs"},
)
CREATE_TASK_FROM_JOB = Tool(
    name="create_task_from_job",
    description="Creates a Task of a Job, which starts from the Job's defaults. Without confirm it "
    "only says what it would create.",
    arguments=CreateTaskFromJob,
    run=_create_task_from_job,
    asks=("POST", "/jobs/{name}/tasks"),
    names={"job": "jobs"},
)
