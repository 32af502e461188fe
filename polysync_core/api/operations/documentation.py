"""Serves the route that searches the documentation of the app."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.operations.documentation_search import Section

_MAX_EXCERPT = 1_500
"""The longest excerpt of a section, in characters."""

Question = Annotated[str, Query(min_length=2, max_length=300, description="Search words.")]
Limit = Annotated[int, Query(ge=1, le=20, description="The maximum number of sections.")]


def documentation_routes(documentation: Documentation) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["documentation"])

    @routes.get("/documentation")
    def search_documentation(query: Question, limit: Limit = 5) -> dict[str, Any]:
        """Find the sections of the documentation that match a question best."""
        found = documentation.search(query, limit=limit)
        return {"items": [_view(section) for section in found], "continuationToken": None}

    return routes


def _view(section: Section) -> dict[str, Any]:
    excerpt = section.text[:_MAX_EXCERPT]
    return {
        "page": f"docs/{section.page}",
        "section": " > ".join(section.headings),
        "excerpt": excerpt if excerpt == section.text else f"{excerpt}…",
    }
