"""Serves the API route that lists a Job's runs as the platform reports them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.contract.answers import PLATFORM_ERRORS
from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.models import Page, Time, View
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.use_cases import use_case
from polysync_core.application.platforms.platform_runs import PlatformRuns, PlatformRunsPage
from polysync_core.platforms.connector import ExternalRun, ProviderStatus


class PlatformRunView(View):
    """A run as the platform lists it, without its outputs."""

    external_run_id: str
    """The platform's own id of the run."""
    provider_status: ProviderStatus
    """The status that Polysync decodes from the state."""
    provider_state: str
    """The state in the platform's own words."""
    message: str | None
    """The platform's message about the state."""
    monitor_url: str | None
    """The page of the run in the platform's own user interface."""
    started_at: Time | None
    """The time at which the run started."""
    finished_at: Time | None
    """The time at which the run ended."""


class PlatformRunsView(Page[PlatformRunView]):
    """Runs that a platform lists, newest first."""

    note: str | None
    """The reason why older runs were not searched."""


CurrentPlatformRuns = Annotated[PlatformRuns, Depends(use_case(PlatformRuns))]


def platform_run_routes() -> APIRouter:
    """Return the route of the runs that a platform lists."""
    routes = APIRouter(
        tags=["Job runs"],
        responses={**PLATFORM_ERRORS, 409: {"description": ""}},
        route_class=PlatformRoute,
    )

    @routes.get("/jobs/{name}/platform-runs")
    def list_platform_runs(
        name: str, platform_runs: CurrentPlatformRuns, limit: Limit = 20, token: Token = None
    ) -> PlatformRunsView:
        """List all runs of a job's artefact on its platform, also those started elsewhere."""
        return platform_runs_view(platform_runs.page(name, limit=limit, token=token))

    return routes


def platform_runs_view(page: PlatformRunsPage) -> PlatformRunsView:
    """Return the view of some runs."""
    items = [_run(each) for each in page.items]
    return PlatformRunsView(items=items, continuation_token=page.token, note=page.note)


def _run(run: ExternalRun) -> PlatformRunView:
    report = run.report
    return PlatformRunView(
        external_run_id=run.external_run_id,
        provider_status=report.status,
        provider_state=report.provider_state,
        message=report.message,
        monitor_url=report.monitor_url,
        started_at=report.started_at,
        finished_at=report.finished_at,
    )
