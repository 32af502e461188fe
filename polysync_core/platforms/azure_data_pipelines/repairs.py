"""Repairs a failed pipeline run, and finds an existing repair after a lost response.

A repair is a new run in the group of the failed run, which begins at the failed activities and
keeps the values of the failed run. Data Factory finds these activities itself; Synapse needs the
name of one. The lists of both services lag.
https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

from __future__ import annotations

from datetime import datetime

from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient, text_of, window
from polysync_core.platforms.azure_data_pipelines.lost_start import LIST_LAG
from polysync_core.platforms.azure_data_pipelines.states import (
    CLOCK_SKEW,
    RETENTION,
    report_of,
    run_id_of,
    runs_of,
)
from polysync_core.platforms.connector import SubmitRequest, check_repairable
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.times import moment_in

_FAILED = frozenset({"Failed", "Cancelled", "TimedOut"})


def repair_run(service: PipelineClient, request: SubmitRequest, failed_run: str) -> str:
    """Repair a failed run once per attempt, and return the id of the new run."""
    pipeline = request.job.external_id
    repaired = service.get(
        "pipelineruns", failed_run, read=lambda run: run, refused=service.refused_for_repair
    )
    earlier = _earlier_repair(service, request, repaired) if request.is_resend else None
    if earlier is not None:
        return earlier
    check_repairable(report_of(repaired, ""), service.refusals.service)
    query: dict[str, QueryValue] = {"referencePipelineRunId": failed_run, "isRecovery": True}
    if service.finds_failed_activities:
        query["startFromFailure"] = True
    else:
        query["startActivityName"] = _failed_activity(service, pipeline, failed_run)
    return service.start(pipeline, {}, read=run_id_of, repair=query)


def _earlier_repair(
    service: PipelineClient, request: SubmitRequest, repaired: JsonObject
) -> str | None:
    """Return the repair that an earlier submit of this attempt started; None if it did not.

    The service's own clock tells it from earlier runs of the group: it began after the end of the
    failed run. Raises `Uncertain` while the list may lag.
    """
    group, ended_at = _group_of(repaired), moment_in(repaired, "runEnd")
    since = min(request.begun_at - CLOCK_SKEW, ended_at or request.begun_at)
    found = [
        (started_at, run_id_of(run))
        for run in runs_of(service, request.job.external_id, since)
        if _group_of(run) == group
        and run_id_of(run) != run_id_of(repaired)
        and _is_later(started_at := moment_in(run, "runStart"), ended_at)
    ]
    if found:
        return min(found, key=lambda each: (each[0] is None, each))[1]
    if service.now() < request.begun_at + LIST_LAG:
        raise Uncertain("The repair may have been started; it may not be in the list yet.")
    return None


def _is_later(started_at: datetime | None, ended_at: datetime | None) -> bool:
    return started_at is None or ended_at is None or started_at >= ended_at


def _group_of(run: JsonObject) -> str:
    return text_of(run, "runGroupId") or run_id_of(run)


def _failed_activity(service: PipelineClient, pipeline: str, run_id: str) -> str:
    """Return the name of the one activity of the pipeline itself that failed.

    An activity within a loop or a branch fails together with its container, which runs again.
    """
    names = service.get(
        "pipelines", pipeline, read=_activity_names, refused=service.refused_for_pipeline
    )
    now = service.now()
    body = window(now - RETENTION, now + CLOCK_SKEW)
    failed = {
        name
        for each in service.activities(pipeline, run_id, body)
        if text_of(each, "status") in _FAILED and (name := text_of(each, "activityName")) in names
    }
    if len(failed) != 1:
        raise PlatformRefused(
            f"{service.refusals.service} repairs a run from one activity, but {len(failed)}"
            " activities of the pipeline have failed: start a new run",
            cause=FailureCause.SUBMIT,
        )
    return failed.pop()


def _activity_names(answer: JsonObject) -> frozenset[str]:
    activities = objects_in(object_in(answer, "properties"), "activities")
    return frozenset(text_of(each, "name") for each in activities)
