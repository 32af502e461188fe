"""Decodes the states of AWS Batch jobs and array jobs into Polysync statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.answers import text_in, time_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line

STATES: Mapping[str, ProviderStatus] = {
    "SUBMITTED": ProviderStatus.STARTING,
    "PENDING": ProviderStatus.STARTING,
    "RUNNABLE": ProviderStatus.STARTING,
    "STARTING": ProviderStatus.STARTING,
    "RUNNING": ProviderStatus.RUNNING,
    "SUCCEEDED": ProviderStatus.SUCCESS,
    "FAILED": ProviderStatus.FAILED,
}
"""Provider statuses by the words of Batch; a failed job that was terminated is `Cancelled`."""

_WAITS = {
    "SUBMITTED": Wait.PLATFORM_QUEUE,
    "PENDING": Wait.PLATFORM_QUEUE,
    "RUNNABLE": Wait.COMPUTE,
    "STARTING": Wait.COMPUTE,
}
_ENDED = ("SUCCEEDED", "FAILED")
_BEGUN = ("STARTING", "RUNNING", *_ENDED)
_TIMED_OUT = re.compile(r"exceeded timeout|timed? ?out", re.IGNORECASE)
_NO_REASON = "Batch gives no reason for the failure: open the job's page and check its log."
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}(?::[0-9]{1,5})?(?:#[0-9]{1,4})?")


def is_job_id(text: str) -> bool:
    """Return whether a text has the form of a job id."""
    return _JOB_ID.fullmatch(text) is not None


def job_id_in(answer: JsonObject) -> str:
    """Return the id of a job in an answer."""
    job_id = text_in(answer, "jobId")
    if job_id is None or not is_job_id(job_id):
        raise UnexpectedAnswer
    return job_id


def report_of(job: JsonObject, page: str) -> Report:
    """Return the state of a job in `DescribeJobs` or in a list."""
    word = text_in(job, "status")
    if word is None:
        raise UnexpectedAnswer
    reason = shortened_line(job.get("statusReason"))
    timed_out = reason is not None and _TIMED_OUT.search(reason) is not None
    status = _status(job, word, timed_out=timed_out)
    failed = status is ProviderStatus.FAILED
    return Report(
        status=status,
        provider_state=word[:64],
        message=_message(job, status, reason),
        wait=_wait(job, word) if status is ProviderStatus.STARTING else None,
        cause=FailureCause.TIMEOUT if failed and timed_out else None,
        monitor_url=page,
        started_at=time_in(job, "startedAt", per_second=1000),
        finished_at=time_in(job, "stoppedAt", per_second=1000) if status.is_final else None,
        may_be_stopped=failed and not timed_out,
    )


def _status(job: JsonObject, word: str, *, timed_out: bool) -> ProviderStatus:
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    if status is ProviderStatus.FAILED and not timed_out:
        stopped = job.get("isTerminated") is True or job.get("isCancelled") is True
        return ProviderStatus.CANCELLED if stopped else status
    # The parent of an array is pending until its last child has ended.
    children = _children(job)
    if status is ProviderStatus.STARTING and any(children.get(each) for each in _BEGUN):
        return ProviderStatus.RUNNING
    return status


def _wait(job: JsonObject, word: str) -> Wait | None:
    attempts = job.get("attempts")
    return Wait.RETRY if word == "RUNNABLE" and attempts else _WAITS.get(word)


def _message(job: JsonObject, status: ProviderStatus, reason: str | None) -> str | None:
    container = object_in(job, "container")
    exit_code = container.get("exitCode")
    details = (
        reason,
        shortened_line(container.get("reason")),
        f"exit code {exit_code}" if status is ProviderStatus.FAILED and exit_code else None,
        _progress(job),
    )
    text = "; ".join(dict.fromkeys(each for each in details if each))
    if status is ProviderStatus.FAILED:
        return text or _NO_REASON
    return text or None


def _progress(job: JsonObject) -> str | None:
    """Return the number of children of an array job that have ended."""
    children = _children(job)
    size = object_in(job, "arrayProperties").get("size")
    if not children or not isinstance(size, int):
        return None
    succeeded, failed = (children.get(each, 0) for each in _ENDED)
    return f"of {size} children, {succeeded} have succeeded and {failed} have failed"


def _children(job: JsonObject) -> dict[str, int]:
    summary = object_in(object_in(job, "arrayProperties"), "statusSummary")
    return {
        word: number
        for word, number in summary.items()
        if isinstance(number, int) and not isinstance(number, bool) and number > 0
    }
