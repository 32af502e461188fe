"""Defines the MCP tools that list the Tasks and the Platforms."""

from __future__ import annotations

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Limit, PageToken
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool


class ListDefinitions(Arguments):
    """The arguments of the tools that list definitions."""

    limit: Limit = 20
    continuation_token: PageToken = None


async def _list_tasks(api: InProcessApi, given: ListDefinitions) -> JsonObject:
    return await _page(api, given, "tasks", ("name", "job", "enabled"))


async def _list_platforms(api: InProcessApi, given: ListDefinitions) -> JsonObject:
    return await _page(api, given, "platforms", ("name", "type"))


async def _page(
    api: InProcessApi, given: ListDefinitions, kind: str, fields: tuple[str, ...]
) -> JsonObject:
    page = await api.get(kind, limit=given.limit, continuationToken=given.continuation_token)
    found: list[JsonValue] = [
        compact(
            {
                **{name: each.get(name) for name in fields},
                "description": untrusted(each.get("description")),
            }
        )
        for each in items_of(page, "items")
    ]
    return {kind: found, "continuationToken": page["continuationToken"]}


LIST_TASKS = Tool(
    name="list_tasks",
    description="Lists the Tasks by name, each with its Job. Reads only.",
    arguments=ListDefinitions,
    run=_list_tasks,
    route=("GET", "/tasks"),
)
LIST_PLATFORMS = Tool(
    name="list_platforms",
    description="Lists the Platforms by name, each with its type. Reads only.",
    arguments=ListDefinitions,
    run=_list_platforms,
    route=("GET", "/platforms"),
)
