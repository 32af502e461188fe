"""The route that shows what a platform itself lists of a job's runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.views import time_view
from polysync_core.application.platforms.platform_runs import PlatformRuns, PlatformRunsPage
from polysync_core.platforms.connector import ExternalRun, ProviderStatus


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class PlatformRunView(_Answer):
    """A run as the platform lists it; what it gave back is shown with Polysync's own runs only."""

    external_run_id: str
    provider_status: ProviderStatus
    provider_state: Annotated[str, Field(description="The platform's own word.")]
    message: str | None
    monitor_url: str | None
    started_at: str | None
    finished_at: str | None


class PlatformRunsView(_Answer):
    """Runs that a platform lists, newest first."""

    items: list[PlatformRunView]
    continuation_token: str | None
    note: Annotated[str | None, Field(description="Why older runs were not looked for.")]


def platform_run_routes(platform_runs: PlatformRuns) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["Job runs"])

    @routes.get("/jobs/{name}/platform-runs")
    def list_platform_runs(  # pyright: ignore[reportUnusedFunction]
        name: str, limit: Limit = 20, token: Token = None
    ) -> PlatformRunsView:
        """List the runs of a job's artefact that its platform knows, whoever has started them."""
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
