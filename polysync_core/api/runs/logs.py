"""Serves the API route that returns the platform's failure details of a run attempt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from polysync_core.api.models import RunIdText, View
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.use_cases import use_case
from polysync_core.application.platforms.failure_details import (
    AttemptDetails,
    DetailsState,
    FailureDetailsReader,
)
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus

AttemptNumber = Annotated[
    int | None, Query(ge=1, description="The number of the attempt; empty: the last attempt.")
]


class FailedPartView(View):
    """The failure of a task, activity or action, or of the whole artefact."""

    part: str
    """The name of the part; empty for the whole artefact."""
    error: str
    """The error in the platform's words."""
    trace: str
    """The stack trace or the log, the failure at its end."""


class LogsView(View):
    """The failure of an attempt in the platform's words, without secrets."""

    run_id: RunIdText
    """The id of the run."""
    attempt: int | None
    """The number of the attempt; null before the first one."""
    status: RunStatus
    """The status of the attempt, or of a run without attempts."""
    cause: FailureCause | None
    """The cause of the failure."""
    error: str | None
    """The error of the attempt."""
    monitor_url: str | None
    """The page of the attempt in the platform's own user interface."""
    state: DetailsState
    """The result of the request."""
    message: str
    """The result as a sentence."""
    parts: list[FailedPartView]
    """The failed parts."""
    note: str | None
    """The reason why something is missing."""


CurrentFailureDetailsReader = Annotated[
    FailureDetailsReader, Depends(use_case(FailureDetailsReader))
]


def log_routes() -> APIRouter:
    """Return the route of failure details."""
    routes = APIRouter(tags=["Task runs"], route_class=PlatformRoute)

    @routes.get("/task-runs/{run_id}/logs")
    def get_logs(
        run_id: str, details: CurrentFailureDetailsReader, attempt: AttemptNumber = None
    ) -> LogsView:
        """Show the failure details that the platform has for an attempt."""
        return _view(details.read(find_run_id(details.runs, run_id), attempt))

    return routes


def _view(found: AttemptDetails) -> LogsView:
    run, attempt = found.run, found.attempt
    return LogsView(
        run_id=run.run_id,
        attempt=attempt and attempt.number,
        status=run.status if attempt is None else attempt.status,
        cause=attempt and attempt.cause,
        error=attempt and attempt.error,
        monitor_url=attempt and attempt.monitor_url,
        state=found.state,
        message=found.message,
        parts=[FailedPartView.model_validate(each) for each in found.details.parts],
        note=found.details.note,
    )
