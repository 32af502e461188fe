"""The route of the documentation that comes with the app."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.operations.documentation_search import Section

_EXCERPT = 1_500
"""The most characters of a section in an answer."""

Question = Annotated[str, Query(min_length=2, max_length=300, description="Some words.")]
Most = Annotated[int, Query(ge=1, le=20, description="The most to answer.")]


def documentation_routes(documentation: Documentation) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["documentation"])

    @routes.get("/documentation")
    def search_documentation(query: Question, limit: Most = 5) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Find the sections of the documentation that answer a question best."""
        found = documentation.search(query, limit=limit)
        return {"items": [_view(section) for section in found], "continuationToken": None}

    return routes


def _view(section: Section) -> dict[str, Any]:
    cut = section.text[:_EXCERPT]
    return {
        "page": f"docs/{section.page}",
        "section": " > ".join(section.headings),
        "excerpt": cut if cut == section.text else f"{cut}…",
    }
