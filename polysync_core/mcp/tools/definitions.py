"""Defines the MCP tools that apply definitions and list a Task's next fire times."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Name
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool

_YAML = {"content-type": "application/yaml"}


class ApplyDefinitions(Arguments):
    """The arguments of `apply_definitions`."""

    document: Annotated[
        Annotated[str, StringConstraints(min_length=1)],
        Field(
            description="YAML or JSON with any of the lists vaults, platforms, contentionProfiles, "
            "calendars, jobs, tasks, webhooks and receivers. Secrets must be references, vault://…."
        ),
    ]
    prune: Annotated[
        bool,
        Field(description="Also delete definitions that are missing from the document's lists."),
    ] = False
    bundle: Annotated[
        Name | None,
        Field(
            description="The bundle that owns the definitions after the apply. With prune, only "
            "definitions that it owns are deleted."
        ),
    ] = None
    plan_token: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None,
        Field(
            description="The planToken of the plan to execute; without it, the answer is a plan."
        ),
    ] = None


class NextFireTimes(Arguments):
    """The arguments of `next_fire_times`."""

    task: Annotated[Name, Field(description="The name of the Task.")]
    count: Annotated[
        int,
        Field(ge=1, le=100, description="The number of fire times, 1 to 100; the default is 10."),
    ] = 10


async def _apply_definitions(api: InProcessApi, given: ApplyDefinitions) -> JsonObject:
    body = given.document.encode()
    query = {"prune": "true" if given.prune else "false"}
    if given.bundle is not None:
        query["bundle"] = given.bundle
    if given.plan_token is not None:
        query["planToken"] = given.plan_token
        applied = await api.send("PUT", "definitions", body=body, query=query, headers=_YAML)
        return {"done": "the plan was executed", **_steps(applied)}
    query["dryRun"] = "true"
    plan = await api.send("PUT", "definitions", body=body, query=query, headers=_YAML)
    if not any(plan[each] for each in ("create", "update", "delete")):
        return {"would": "nothing: the stored definitions are already the same", **_steps(plan)}
    return {
        "would": "execute this plan",
        **_steps(plan),
        "planToken": plan["planToken"],
        "toDoIt": "send the same document, prune and bundle with this planToken",
    }


def _steps(plan: JsonObject) -> JsonObject:
    """Return the steps of a plan, and the number of unchanged definitions."""
    return compact(
        {
            "create": plan["create"],
            "update": [*map(_update, items_of(plan, "update"))],
            "delete": plan["delete"],
            "unchanged": len(items_of(plan, "unchanged")) or None,
            "warnings": plan["warnings"],
        }
    )


def _update(step: JsonObject) -> JsonValue:
    return {**step, "differences": untrusted(step["differences"])}


async def _next_fire_times(api: InProcessApi, given: NextFireTimes) -> JsonObject:
    preview = await api.get("tasks", given.task, "fire-times", count=given.count)
    fires: list[JsonValue] = [compact(each) for each in items_of(preview, "items")]
    link = f"/api/tasks/{given.task}/fire-times"
    # A note may contain the reason of a person who paused the schedule.
    notes = untrusted(preview["notes"])
    return {"fireTimes": fires, **compact({"notes": notes}), "link": link}


APPLY_DEFINITIONS = Tool(
    name="apply_definitions",
    description="Plans the creations, updates and deletions of a document of definitions, and "
    "returns a planToken. A second call with the planToken executes exactly this plan. If the "
    "document or the stored definitions have changed since, nothing is done.",
    arguments=ApplyDefinitions,
    run=_apply_definitions,
    route=("PUT", "/definitions"),
)
NEXT_FIRE_TIMES = Tool(
    name="next_fire_times",
    description="Previews the next fire times of a Task's schedules in UTC and local time, with "
    "notes on daylight saving time and calendars. Reads only.",
    arguments=NextFireTimes,
    run=_next_fire_times,
    route=("GET", "/tasks/{name}/fire-times"),
)
