"""Serves the API route that searches Polysync's user documentation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from polysync_core.api.models import Page, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.operations.documentation_search import Section

_MAX_EXCERPT = 1_500
"""The longest excerpt of a section, in characters."""


class SectionView(View):
    """A section of the documentation."""

    page: str
    """The file of the page, as `docs/reference/runs.md`."""
    section: str
    """The headings that lead to the section."""
    excerpt: str
    """The beginning of the section."""


Question = Annotated[str, Query(min_length=2, max_length=300, description="Search words.")]
Limit = Annotated[int, Query(ge=1, le=20, description="The maximum number of sections.")]


CurrentDocumentation = Annotated[Documentation, Depends(use_case(Documentation))]


def documentation_routes() -> APIRouter:
    """Return the route of the documentation search."""
    routes = APIRouter(tags=["Documentation"])

    @routes.get("/documentation")
    def search_documentation(
        documentation: CurrentDocumentation, query: Question, limit: Limit = 5
    ) -> Page[SectionView]:
        """Find the sections of the documentation that match a question best."""
        found = documentation.search(query, limit=limit)
        return Page(items=[_view(section) for section in found], continuation_token=None)

    return routes


def _view(section: Section) -> SectionView:
    excerpt = section.text[:_MAX_EXCERPT]
    return SectionView(
        page=f"docs/{section.page}",
        section=" > ".join(section.headings),
        excerpt=excerpt if excerpt == section.text else f"{excerpt}…",
    )
