"""Finds the retries that AWS Glue itself makes of a failed job run.

Glue runs a failed run again, up to the `MaxRetries` of its job. Each retry is a run of its own,
whose id is the first id with the ending `_attempt_1`, `_attempt_2` and so on. A run that exceeded
its time-out is not retried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.aws_glue.client import GlueClient
from polysync_core.platforms.aws_glue.states import RETRIED, report_of
from polysync_core.platforms.connector import (
    ArtefactNotFound,
    ProviderStatus,
    Report,
    RunNotFound,
    Wait,
)

_ENDING = "_attempt_"
_LONGEST_DELAY = timedelta(minutes=3)
"""The assumed maximum delay between a failure and its retry."""
_MOST_RETRIES = 10


def first_run_id(run_id: str) -> str:
    """Return the id of the first run, of which a run is a retry."""
    return run_id.partition(_ENDING)[0]


def newest_run(service: GlueClient, job: str, run_id: str) -> tuple[str, Report]:
    """Return the id and the state of a run, or of its newest retry.

    A failed run counts as running while Glue is about to retry it. Only a failed run needs further
    calls.
    """
    run = service.run(job, run_id)
    report = report_of(run, service.page(job, run_id))
    if report.provider_state not in RETRIED:
        return run_id, report
    allowed = _retries_allowed(service, job)
    retries = list(_retries(service, job, run_id, allowed))
    newest_id, newest = retries[-1] if retries else (run_id, run)
    started_at = report.started_at
    report = replace(report_of(newest, service.page(job, newest_id)), started_at=started_at)
    may_follow = report.provider_state in RETRIED and len(retries) < allowed
    if may_follow and _is_recent(service, report):
        report = replace(
            report, status=ProviderStatus.RUNNING, wait=Wait.RETRY, finished_at=None, cause=None
        )
    return newest_id, report


def tries(service: GlueClient, job: str, run_id: str) -> Iterator[JsonObject]:
    """Yield a run and its retries, oldest first; raises `RunNotFound`."""
    run = service.run(job, run_id)
    yield run
    if run.get("JobRunState") in RETRIED:
        allowed = _retries_allowed(service, job)
        yield from (retry for _, retry in _retries(service, job, run_id, allowed))


def _retries(
    service: GlueClient, job: str, run_id: str, allowed: int
) -> Iterator[tuple[str, JsonObject]]:
    for number in range(1, min(allowed, _MOST_RETRIES) + 1):
        retry_id = f"{run_id}{_ENDING}{number}"
        try:
            retry = service.run(job, retry_id)
        except RunNotFound:
            return
        yield retry_id, retry
        if retry.get("JobRunState") not in RETRIED:
            return


def _retries_allowed(service: GlueClient, job: str) -> int:
    try:
        allowed = service.job(job).get("MaxRetries")
    except ArtefactNotFound:
        return 0
    return allowed if isinstance(allowed, int) and not isinstance(allowed, bool) else 0


def _is_recent(service: GlueClient, report: Report) -> bool:
    ended = report.finished_at
    return ended is not None and service.now() < ended + _LONGEST_DELAY
