"""The tools of whole definitions: applying a document, and looking ahead at fire times."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Name
from polysync_core.mcp.in_process_api import Api
from polysync_core.mcp.tool import Tool

_YAML = {"content-type": "application/yaml"}


class ApplyDefinitions(Arguments):
    """The arguments of `apply_definitions`."""

    document: Annotated[
        Annotated[str, StringConstraints(min_length=1)],
        Field(
            description="YAML or JSON with any of the lists vaults, platforms, contentionProfiles, "
            "calendars, jobs, tasks and webhooks. Secrets are given as vault://… only."
        ),
    ]
    prune: Annotated[
        bool,
        Field(description="Also delete what the document's lists do not have."),
    ] = False
    plan_token: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None,
        Field(description="planToken of the plan that is to be carried out; without it, a plan."),
    ] = None


class NextFireTimes(Arguments):
    """The arguments of `next_fire_times`."""

    task: Annotated[Name, Field(description="The name of the Task.")]
    count: Annotated[
        int, Field(ge=1, le=100, description="How many, 1 to 100; 10 if left out.")
    ] = 10


async def _apply_definitions(api: Api, given: ApplyDefinitions) -> JsonObject:
    body = given.document.encode()
    query = {"prune": "true" if given.prune else "false"}
    if given.plan_token is not None:
        query["planToken"] = given.plan_token
        applied = await api.send("PUT", "definitions", body=body, query=query, headers=_YAML)
        return {"done": "the plan is carried out", **_steps(applied)}
    query["dryRun"] = "true"
    plan = await api.send("PUT", "definitions", body=body, query=query, headers=_YAML)
    if not any(plan[each] for each in ("create", "update", "delete")):
        return {"would": "nothing: all of this is stored already", **_steps(plan)}
    return {
        "would": "carry out this plan",
        **_steps(plan),
        "planToken": plan["planToken"],
        "toDoIt": "the same document and prune with this planToken",
    }


def _steps(plan: JsonObject) -> JsonObject:
    """Return a plan; of what stays as it is, the number."""
    return compact(
        {
            "create": plan["create"],
            "update": [*map(_update, items_of(plan, "update"))],
            "delete": plan["delete"],
            "unchanged": len(items_of(plan, "unchanged")) or None,
        }
    )


def _update(step: JsonObject) -> JsonValue:
    return {**step, "differences": untrusted(step["differences"])}


async def _next_fire_times(api: Api, given: NextFireTimes) -> JsonObject:
    foreseen = await api.get("tasks", given.task, "fire-times", count=given.count)
    fires: list[JsonValue] = [compact(each) for each in items_of(foreseen, "items")]
    link = f"/api/tasks/{given.task}/fire-times"
    # Why schedules are paused, is in the words of whoever paused them.
    notes = untrusted(foreseen["notes"])
    return {"fireTimes": fires, **compact({"notes": notes}), "link": link}


APPLY_DEFINITIONS = Tool(
    name="apply_definitions",
    description="Plans what a document of definitions would create, update and delete, and answers "
    "with a planToken; called again with it, carries out that very plan. Where the document or "
    "what is stored has changed since, nothing is done.",
    arguments=ApplyDefinitions,
    run=_apply_definitions,
    asks=("PUT", "/definitions"),
)
NEXT_FIRE_TIMES = Tool(
    name="next_fire_times",
    description="Tells when a Task's schedules fire next, in UTC and local time, with what "
    "daylight saving and calendars do to it. Reads only.",
    arguments=NextFireTimes,
    run=_next_fire_times,
    asks=("GET", "/tasks/{name}/fire-times"),
    names={"task": "tasks"},
)
