"""The tool that answers from the documentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject
from polysync_core.mcp.arguments import Arguments
from polysync_core.mcp.in_process_api import Api
from polysync_core.mcp.tool import Tool


class SearchDocumentation(Arguments):
    """The arguments of `search_documentation`."""

    query: Annotated[
        Annotated[str, StringConstraints(min_length=2, max_length=300)],
        Field(description="Some words, in English."),
    ]
    limit: Annotated[
        int, Field(ge=1, le=20, description="The most sections to answer, 1 to 20.")
    ] = 5


async def _search_documentation(api: Api, given: SearchDocumentation) -> JsonObject:
    found = await api.get("documentation", query=given.query, limit=given.limit)
    return {"sections": found["items"]}


SEARCH_DOCUMENTATION = Tool(
    name="search_documentation",
    description="Finds the sections of Polysync's own documentation that answer a question: the "
    "form of definitions, schedules, dependencies, limits, platforms, errors. Reads only.",
    arguments=SearchDocumentation,
    run=_search_documentation,
    asks=("GET", "/documentation"),
)
