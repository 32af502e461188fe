"""The route that shows the failure of an attempt in the platform's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.application.platforms.failure_details import (
    AttemptDetails,
    DetailsState,
    FailureDetailsReader,
)
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.domain.runs.run import RunStatus

AttemptNumber = Annotated[
    int | None, Query(ge=1, description="The number of the attempt; empty: the last attempt.")
]


class _CamelCase(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class FailedPartView(_CamelCase):
    """The failure of a task, activity or action, or of the whole artefact."""

    part: Annotated[str, Field(description="Its name; empty for the whole artefact.")]
    error: str
    trace: str


class LogsView(_CamelCase):
    """The failure of an attempt in the platform's words, without secrets."""

    run_id: str
    attempt: int | None
    status: RunStatus
    cause: FailureCause | None
    error: str | None
    monitor_url: str | None
    state: DetailsState
    message: Annotated[str, Field(description="The state as a sentence.")]
    parts: list[FailedPartView]
    note: Annotated[str | None, Field(description="The reason why something is missing.")]


def log_routes(details: FailureDetailsReader) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["Task runs"])

    @routes.get("/task-runs/{run_id}/logs")
    def get_logs(run_id: str, attempt: AttemptNumber = None) -> LogsView:
        """Show what the platform says about the failure of an attempt."""
        return _view(details.read(parse_run_id(run_id), attempt))

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
        parts=[
            FailedPartView(part=each.part, error=each.error, trace=each.trace)
            for each in found.details.parts
        ],
        note=found.details.note,
    )
