"""Reads the failed activities, with errors, of a Data Factory or Synapse pipeline run.

https://learn.microsoft.com/rest/api/datafactory/activity-runs/query-by-pipeline-run
"""

from __future__ import annotations

import json
from itertools import islice

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.azure_data_pipelines.client import ActivityLog, text_of, window
from polysync_core.platforms.azure_data_pipelines.states import CLOCK_SKEW, RETENTION
from polysync_core.platforms.connector import Report

_FAILED = "Failed"


def failed_activities(
    service: ActivityLog, pipeline: str, run_id: str, report: Report
) -> FailureDetails:
    """Return the failed activities of a run with their errors; raises `RunNotFound`."""
    now = service.now()
    since = (report.started_at or now - RETENTION) - CLOCK_SKEW
    body = window(since, now + CLOCK_SKEW, Status=_FAILED)
    found = service.activities(pipeline, run_id, body)
    failed = (each for each in found if text_of(each, "status") == _FAILED)
    parts = [_failure(each) for each in islice(failed, MAX_PARTS + 1)]
    note = f"More than {MAX_PARTS} activities failed." if len(parts) > MAX_PARTS else None
    if not parts and report.message:
        parts = [FailureDetail(error=report.message)]
    return FailureDetails(parts=tuple(parts[:MAX_PARTS]), note=note)


def _failure(activity: JsonObject) -> FailureDetail:
    error = object_in(activity, "error")
    code, message = text_of(error, "errorCode"), text_of(error, "message")
    kind = ", ".join(filter(None, (text_of(error, "failureType"), code and f"code {code}")))
    return FailureDetail(
        part=text_of(activity, "activityName"),
        error=f"{message} ({kind})" if kind else message,
        trace=_details(error),
    )


def _details(error: JsonObject) -> str:
    """Return the details of an activity's error: a text or a list."""
    details = error.get("details")
    if not details:
        return ""
    return (
        details if isinstance(details, str) else json.dumps(details, indent=2, ensure_ascii=False)
    )
