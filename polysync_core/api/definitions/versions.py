"""Serves the API routes that list a definition's saved versions and restore one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Path

from polysync_core.api.definitions.plan_views import PlanView, plan_view
from polysync_core.api.definitions.routes import (
    CurrentDefinitionEditing,
    Limit,
    Token,
    WriteContext,
)
from polysync_core.api.models import Json, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.plans import ApplyPlan
from polysync_core.application.definitions.versions import DefinitionVersions
from polysync_core.domain.definitions.changes.versions import ChangeSource, FormerVersion, Version
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.kinds import KINDS
from polysync_core.domain.definitions.validation.drafts import read_draft

KindPath = Literal[
    "vaults",
    "contention-profiles",
    "calendars",
    "platforms",
    "jobs",
    "tasks",
    "webhooks",
    "receivers",
]
_KINDS = {spec.path: spec.kind for spec in KINDS}


class VersionView(View):
    """A version of a definition, without its content."""

    version: int
    """The number of the version; 1 is the first."""
    saved_at: Time
    """The time at which the version was saved."""
    saved_by: str | None
    """The caller who saved it; null if no caller is known."""
    source: ChangeSource | None
    """The way in which it was saved: `Edit`, `Document` or `Import`; null if it is not known."""

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the view of a version."""
        author = version.author
        return cls(
            version=version.number,
            saved_at=version.saved_at,
            saved_by=author and author.name,
            source=author and author.source,
        )


class VersionsView(View):
    """The versions of a definition."""

    current: VersionView | None
    """The present version; null if the definition is deleted."""
    items: list[VersionView]
    """The former versions, newest first."""
    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""


class VersionContentView(View):
    """A version of a definition with its content."""

    version: VersionView
    """The number and the author of the version."""
    definition: Json
    """The definition, as a document holds it."""

    @classmethod
    def of(cls, former: FormerVersion) -> Self:
        """Return the view of a version with its content."""
        return cls(
            version=VersionView.of(former.version),
            definition=former.document,
        )


CurrentVersions = Annotated[DefinitionVersions, Depends(use_case(DefinitionVersions))]
Kind = Annotated[KindPath, Path(description="The kind of the definition.")]
Name = Annotated[str, Path(description="The name of the definition.")]
Number = Annotated[int, Path(ge=1, description="The number of a version.")]


def version_routes() -> APIRouter:
    """Return the routes of versions; a deleted definition has them, too."""
    routes = APIRouter(prefix="/versions/{kind}/{name}", tags=["Definitions"])

    @routes.get("", summary="List the versions of a definition")
    def list_versions(
        kind: Kind, name: Name, versions: CurrentVersions, limit: Limit = 20, token: Token = None
    ) -> VersionsView:
        found = versions.page(Reference(_KINDS[kind], name), limit=limit, token=token)
        return VersionsView(
            current=None if found.current is None else VersionView.of(found.current),
            items=[VersionView.of(each) for each in found.former.items],
            continuation_token=found.former.token,
        )

    @routes.get("/{version}", summary="Read a version of a definition")
    def get_version(
        kind: Kind, name: Name, version: Number, versions: CurrentVersions
    ) -> VersionContentView:
        return VersionContentView.of(versions.get(Reference(_KINDS[kind], name), version))

    @routes.post("/{version}/restore", summary="Save a version of a definition again")
    def restore_version(  # noqa: PLR0913 - one parameter for each part of the address
        kind: Kind,
        name: Name,
        version: Number,
        versions: CurrentVersions,
        definitions: CurrentDefinitionEditing,
        context: WriteContext,
    ) -> PlanView:
        """Save a former version again, as the newest one; also that of a deleted definition."""
        former = versions.get(Reference(_KINDS[kind], name), version)
        definition = definitions.complete(read_draft(_KINDS[kind], former.document))
        change = definitions.plan_put(definition, context.condition)
        if context.dry_run:
            return context.plan(change)
        context.put(definitions, definition)
        return plan_view(ApplyPlan(steps=(change,)), dry_run=False)

    return routes
