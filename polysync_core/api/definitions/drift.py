"""Serves the API routes that compare stored Jobs with the artefacts on platforms (drift)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from polysync_core.api.contract.answers import PLATFORM_ERRORS
from polysync_core.api.definitions.import_views import (
    IncompatibleTaskView,
    SchemaDifferenceView,
)
from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.models import View
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.use_cases import use_case
from polysync_core.application.platforms.drift import Drift, DriftPage, DriftState, JobDrift


class JobDriftView(View):
    """The difference between a Job and its artefact."""

    job: str
    """The Job."""
    platform: str
    """The Platform of the Job."""
    job_type: str
    """The type of the Job."""
    external_id: str
    """The platform's own id of the artefact."""
    state: DriftState
    """The result of the comparison; `unknown` if the artefact could not be read."""
    difference: SchemaDifferenceView
    """The changes that the Job lacks."""
    notes: list[str]
    """Facts about the reading of the artefact, such as a part that could not be read."""
    complete: bool = Field(default=True, exclude_if=bool)
    """False if the artefact may read other parameters, as the notes say. The field is left out if
    it is true."""
    unseen: list[str]
    """The parameters that an incomplete reading did not find; they may exist."""
    tasks: list[IncompatibleTaskView]
    """The Tasks that contradict the artefact, such as by values that nothing reads any more."""
    error: str | None
    """The reason why the artefact is gone or could not be read."""


class UnusedArtefactView(View):
    """An artefact that no Job runs."""

    external_id: str
    """The platform's own id of the artefact."""
    job_type: str
    """The type of a Job that would run the artefact."""
    name: str
    """The name of the artefact."""


class DriftView(View):
    """Some Jobs of a Platform, or some artefacts that no Job runs."""

    jobs: list[JobDriftView]
    """The Jobs by name, also those without a difference."""
    artefacts: list[UnusedArtefactView]
    """Artefacts that no Job runs; they come after all Jobs."""
    unlisted: list[str]
    """The reasons why some artefacts could not be listed."""
    continuation_token: str | None
    """Continues the comparison; null at its end."""


CurrentDrift = Annotated[Drift, Depends(use_case(Drift))]
PlatformQuery = Annotated[str, Query(description="The Platform whose Jobs are compared.")]


def drift_routes() -> APIRouter:
    """Return the routes of drift."""
    routes = APIRouter(tags=["Import"], responses=PLATFORM_ERRORS, route_class=PlatformRoute)

    @routes.get("/drift", responses={404: {"description": ""}})
    def list_drift(
        platform: PlatformQuery, drift: CurrentDrift, limit: Limit = 20, token: Token = None
    ) -> DriftView:
        """Compare the jobs of a platform with their artefacts, page by page."""
        return _page(drift.of_platform(platform, limit=limit, token=token))

    @routes.get("/jobs/{name}/drift")
    def get_job_drift(name: str, drift: CurrentDrift) -> JobDriftView:
        """Compare a job with its artefact; nothing is changed."""
        return job_drift_view(drift.of_job(name))

    return routes


def job_drift_view(drift: JobDrift) -> JobDriftView:
    """Return the view of the drift of a Job."""
    return JobDriftView(
        job=drift.job,
        platform=drift.platform,
        job_type=drift.job_type,
        external_id=drift.external_id,
        state=drift.state,
        difference=SchemaDifferenceView.model_validate(drift.difference),
        notes=list(drift.notes),
        complete=drift.is_complete,
        unseen=list(drift.unseen),
        tasks=[IncompatibleTaskView.model_validate(each) for each in drift.tasks],
        error=drift.error,
    )


def _page(page: DriftPage) -> DriftView:
    return DriftView(
        jobs=[job_drift_view(each) for each in page.jobs],
        artefacts=[UnusedArtefactView.model_validate(each) for each in page.artefacts],
        unlisted=list(page.unlisted),
        continuation_token=page.token,
    )
