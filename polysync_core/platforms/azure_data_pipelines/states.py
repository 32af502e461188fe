"""Reads, lists and cancels pipeline runs, and decodes run states into Polysync statuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure_data_pipelines.client import (
    PipelineClient,
    text_of,
    window,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ExternalRun, ProviderStatus, Report, RunNotFound, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

CLOCK_SKEW = timedelta(minutes=5)
"""The assumed maximum difference between the clocks."""
RETENTION = timedelta(days=45)
"""The retention time of runs in the services."""

_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}")
_WORD = re.compile(r"[A-Za-z]{1,64}")
STATES = {
    "Queued": ProviderStatus.STARTING,
    "Pending": ProviderStatus.STARTING,
    "InProgress": ProviderStatus.RUNNING,
    "Running": ProviderStatus.RUNNING,
    "Canceling": ProviderStatus.RUNNING,
    "Cancelling": ProviderStatus.RUNNING,
    "Succeeded": ProviderStatus.SUCCESS,
    "Success": ProviderStatus.SUCCESS,
    "Completed": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    "Failure": ProviderStatus.FAILED,
    "Error": ProviderStatus.FAILED,
    "Cancelled": ProviderStatus.CANCELLED,
    "Canceled": ProviderStatus.CANCELLED,
}
"""The services' words for the state of a run."""

_STATES = {word.lower(): status for word, status in STATES.items()}
_NO_REASON = (
    "The service gives no reason for the failure: open the run's page and check the first failed"
    " activity."
)


def run_id_of(source: JsonObject) -> str:
    """Return the id of a run in an answer."""
    run_id = source.get("runId")
    if not isinstance(run_id, str) or _RUN_ID.fullmatch(run_id) is None:
        raise UnexpectedAnswer
    return run_id


def read_run(service: PipelineClient, run_id: str) -> Report:
    """Return the state of a run; raise `RunNotFound` if it is missing."""
    return service.get(
        "pipelineruns",
        _checked(run_id),
        read=lambda answer: report_of(answer, service.run_page(run_id)),
        refused=service.refused_for_run,
    )


def stop_run(service: PipelineClient, run_id: str) -> None:
    """Request the cancellation of a run; an ended run is not an error."""
    refusal: PlatformRefused | None = None
    try:
        service.stop("pipelineruns", _checked(run_id), "cancel", refused=service.refused_for_run)
    except PlatformRefused as error:
        refusal = error
    # The services answer "bad request" for a run that has ended.
    if refusal is not None and not (
        refusal.status in {400, 409} and read_run(service, run_id).status.is_final
    ):
        raise refusal


def runs_of(
    service: PipelineClient, pipeline: str, since: datetime | None = None
) -> Iterator[JsonObject]:
    """Yield the runs of a pipeline, newest first."""
    now = service.now()
    body = window(since or now - RETENTION, now + CLOCK_SKEW, PipelineName=pipeline)
    body["orderBy"] = [{"orderBy": "RunStart", "order": "DESC"}]
    return service.queried("queryPipelineRuns", body=body, refused=service.refusals)


def external(service: PipelineClient, run: JsonObject) -> ExternalRun | None:
    """Return a run of a list, or None if the entry cannot be read."""
    try:
        run_id = run_id_of(run)
        return ExternalRun(external_run_id=run_id, report=report_of(run, service.run_page(run_id)))
    except UnexpectedAnswer:
        return None


def report_of(run: JsonObject, page: str) -> Report:
    """Return the state of a run."""
    word = text_of(run, "status")
    if _WORD.fullmatch(word) is None:
        raise UnexpectedAnswer
    status = _STATES.get(word.lower(), ProviderStatus.UNKNOWN)
    message = shortened_line(run.get("message"))
    if status is ProviderStatus.FAILED:
        message = message or _NO_REASON
    waits = status is ProviderStatus.STARTING
    return Report(
        status=status,
        provider_state=word,
        message=message,
        wait=Wait.PLATFORM_QUEUE if waits else None,
        monitor_url=page,
        started_at=moment_in(run, "runStart"),
        finished_at=moment_in(run, "runEnd") if status.is_final else None,
    )


def _checked(run_id: str) -> str:
    if _RUN_ID.fullmatch(run_id) is None:
        raise RunNotFound("the id of a pipeline run consists of letters, digits and '-'")
    return run_id
