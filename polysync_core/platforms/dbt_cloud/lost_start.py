"""Finds the dbt run of a start without a response, and retries a failed run.

dbt Cloud has no idempotency key. The cause of a run holds the attempt's token, and a retry names
the run that it retries. Both are in the list of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from polysync_core.domain.definitions.jobs import RESUBMIT, Resubmit
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.json_types import JsonObject, object_in, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest, check_repairable
from polysync_core.platforms.dbt_cloud.client import DbtClient, checked_id, id_of, opened
from polysync_core.platforms.dbt_cloud.refusals import refused_repair
from polysync_core.platforms.dbt_cloud.states import report_of
from polysync_core.platforms.times import moment_in

LIST_LAG = timedelta(minutes=2)
"""The assumed maximum lag of the list of runs."""
_CLOCK_SKEW = timedelta(minutes=5)


def cause_of(request: SubmitRequest) -> str:
    """Return the cause of a run, which holds the attempt's token."""
    return f"{request.run_name[:200]} ({_mark(request)})"


def runs_of(service: DbtClient, job_id: str) -> Iterator[JsonObject]:
    """Yield the runs of a job with their causes, newest first."""
    query = {"job_definition_id": job_id, "order_by": "-id", "include_related": '["trigger"]'}
    return service.listed("runs", query)


def earlier_run(service: DbtClient, request: SubmitRequest) -> str | None:
    """Return the run that an earlier submit started; None if the job must be started again."""
    mark = _mark(request)
    return _found(service, request, lambda run: mark in text_in(object_in(run, "trigger"), "cause"))


def repair_run(service: DbtClient, request: SubmitRequest, failed_run: str) -> JsonObject:
    """Retry a failed run once for each attempt, and return the new run."""
    failed = checked_id(failed_run)
    if request.is_resend:
        earlier = _found(service, request, lambda run: run.get("retrying_run_id") == int(failed))
        if earlier is not None:
            return service.run(earlier)
    run = service.run(failed)
    check_repairable(report_of(service, run), "dbt Cloud")
    if run.get("can_retry") is False:
        reason = text_in(run, "retry_not_supported_reason")[:100] or "it gives no reason"
        raise PlatformRefused(
            f"dbt Cloud cannot retry the run ({reason}): start a new run", cause=FailureCause.SUBMIT
        )
    call = service.call("POST", "runs", failed, "retry", body={}, refused=refused_repair)
    return service.client.execute(call, opened(lambda started: started))


def _found(
    service: DbtClient, request: SubmitRequest, is_own: Callable[[JsonObject], bool]
) -> str | None:
    """Return the first run of the attempt; raise while the list may lag, or if a person decides."""
    own: str | None = None
    for run in runs_of(service, request.job.external_id):
        created = moment_in(run, "created_at")
        if created is not None and created < request.begun_at - _CLOCK_SKEW:
            break
        if is_own(run):
            # Later runs of an attempt are duplicates: the list has the newest first.
            own = id_of(run)
    if own is not None:
        return own
    if service.now() < request.begun_at + LIST_LAG:
        raise Uncertain("The job may have been started; its run may not be in the list yet.")
    if request.job.settings.get(RESUBMIT) == Resubmit.NEVER:
        raise OutcomeUnknown(
            "The start of the job got no answer, and the list has no run of the attempt. Check the"
            " runs of the job, then rerun if needed."
        )
    return None


def _mark(request: SubmitRequest) -> str:
    return f"polysync {request.token}"
