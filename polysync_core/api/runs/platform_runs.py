"""Serves the route that shows the runs of a job as its platform lists them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.views import time_view
from polysync_core.application.platforms.platform_runs import PlatformRuns, PlatformRunsPage
from polysync_core.platforms.connector import ExternalRun, ProviderStatus


class _CamelCase(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class PlatformRunView(_CamelCase):
    """A run as the platform lists it, without its outputs."""

    external_run_id: str
    provider_status: ProviderStatus
    provider_state: Annotated[str, Field(description="The state in the platform's own words.")]
    message: str | None
    monitor_url: str | None
    started_at: str | None
    finished_at: str | None


class PlatformRunsView(_CamelCase):
    """Runs that a platform lists, newest first."""

    items: list[PlatformRunView]
    continuation_token: str | None
    note: Annotated[str | None, Field(description="The reason why older runs were not searched.")]


def platform_run_routes(platform_runs: PlatformRuns) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["Job runs"])

    @routes.get("/jobs/{name}/platform-runs")
    def list_platform_runs(name: str, limit: Limit = 20, token: Token = None) -> PlatformRunsView:
        """List all runs of a job's artefact on its platform, also those started elsewhere."""
        return _page(platform_runs.page(name, limit=limit, token=token))

    return routes


def _page(page: PlatformRunsPage) -> PlatformRunsView:
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
        started_at=time_view(report.started_at),
        finished_at=time_view(report.finished_at),
    )
