"""Defines the MCP tool that searches Polysync's user documentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject
from polysync_core.mcp.arguments import Arguments
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool


class SearchDocumentation(Arguments):
    """The arguments of `search_documentation`."""

    query: Annotated[
        Annotated[str, StringConstraints(min_length=2, max_length=300)],
        Field(description="Search words in English."),
    ]
    limit: Annotated[
        int, Field(ge=1, le=20, description="The maximum number of sections, 1 to 20.")
    ] = 5


async def _search_documentation(api: InProcessApi, given: SearchDocumentation) -> JsonObject:
    found = await api.get("documentation", query=given.query, limit=given.limit)
    return {"sections": found["items"]}


SEARCH_DOCUMENTATION = Tool(
    name="search_documentation",
    description="Searches Polysync's documentation for the sections that answer a question about "
    "definitions, schedules, dependencies, limits, platforms or errors. Reads only.",
    arguments=SearchDocumentation,
    run=_search_documentation,
    route=("GET", "/documentation"),
)
