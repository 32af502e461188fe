"""Serves the API route that groups failed runs by Task, cause and error."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.runs.filters import CurrentRunFilters
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.lists.failure_groups import FailureGroupReader
from polysync_core.domain.runs.failures.causes import FailureCause


class FailureGroupView(View):
    """Failed runs of one Task or Job that have one cause and one error."""

    task: str | None
    """The Task; null for runs of a Job without a Task."""
    job: str
    """The Job."""
    platform: str
    """The Platform."""
    cause: FailureCause | None
    """The cause of the failures."""
    error: str
    """The error of the newest run; numbers and ids may differ in the others."""
    count: int
    """The number of runs."""
    first_at: Time
    """The acceptance of the oldest run."""
    last_at: Time
    """The acceptance of the newest run."""
    run_ids: list[RunIdText]
    """The newest runs of the group, at most a hundred."""


class FailureGroupsView(View):
    """The groups of the newest failed runs."""

    groups: list[FailureGroupView]
    """The groups, the largest first."""
    examined: int
    """The number of runs in all groups."""
    is_complete: bool
    """False if older failed runs of the period were not read."""


CurrentFailureGroups = Annotated[FailureGroupReader, Depends(use_case(FailureGroupReader))]


def failure_routes() -> APIRouter:
    """Return the route of groups of failures."""
    routes = APIRouter(tags=["Task runs"])

    @routes.get("/failures")
    def list_failures(
        reader: CurrentFailureGroups, runs: CurrentTaskRuns, filters: CurrentRunFilters
    ) -> FailureGroupsView:
        """Group failed runs by Task, cause and error; by default, those of the last day."""
        return FailureGroupsView.model_validate(reader.read(filters.listing(runs, limit=100)))

    return routes
