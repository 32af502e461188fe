"""Decodes the state of a Kubernetes Job into a Polysync status and wait reason.

https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

CANCELLED_ANNOTATION = "polysync/cancelled"
"""Set on a Job whose stop Polysync has requested."""

STATES = {
    "Complete": ProviderStatus.SUCCESS,
    "Failed": ProviderStatus.FAILED,
    # The outcome is known, but pods of the Job still run.
    "SuccessCriteriaMet": ProviderStatus.RUNNING,
    "FailureTarget": ProviderStatus.RUNNING,
    "Suspended": ProviderStatus.STARTING,
    # These words are of Polysync: Kubernetes has no condition for a Job that is under way.
    "Running": ProviderStatus.RUNNING,
    "Retrying": ProviderStatus.RUNNING,
    "Starting": ProviderStatus.STARTING,
}
"""The conditions of a Job, and words for a Job without a condition."""
_CONDITIONS = ("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget", "Suspended")
"""In the order of their priority."""
_TRYING_AGAIN = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
_DEADLINE = "DeadlineExceeded"


def report_of(job: JsonObject, page: str) -> Report:
    """Return the state of a Job."""
    status = job.get("status")
    if not isinstance(status, dict):
        raise UnexpectedAnswer
    word, condition = _word(status)
    if word == "Failed" and is_cancelled(job) and condition.get("reason") == _DEADLINE:
        return _ended(job, page, ProviderStatus.CANCELLED, "Cancelled", condition)
    if word in {"Complete", "Failed"}:
        return _ended(job, page, STATES[word], word, condition)
    if word == "Suspended" and is_cancelled(job):
        return _ended(job, page, ProviderStatus.CANCELLED, "Cancelled", condition)
    return Report(
        status=STATES.get(word, ProviderStatus.UNKNOWN),
        provider_state=word,
        message=_reason(condition) if condition else None,
        wait={"Suspended": Wait.PLATFORM_QUEUE, "Retrying": Wait.RETRY}.get(word),
        monitor_url=page,
        started_at=moment_in(status, "startTime"),
    )


def is_cancelled(job: JsonObject) -> bool:
    """Return whether Polysync has requested the stop of a Job."""
    annotations = object_in(object_in(job, "metadata"), "annotations")
    return CANCELLED_ANNOTATION in annotations


def with_wait(report: Report, pods: Iterable[JsonObject]) -> Report:
    """Return the report of a Job without ready pods, with the reason."""
    waits = [each for pod in pods for each in _waits(pod)]
    if not waits:
        return report
    # A pod that cannot start matters more than a pod that starts.
    wait, message = next((each for each in waits if each[0] is Wait.RETRY), waits[0])
    return replace(report, wait=wait, message=message)


def _word(status: JsonObject) -> tuple[str, JsonObject]:
    """Return the word for the state of a Job, and the condition that says it."""
    conditions = _true_conditions(status)
    for word in _CONDITIONS:
        if word in conditions:
            return word, conditions[word]
    active, ready = _count(status, "active"), status.get("ready")
    if active and ready != 0:
        return "Running", {}
    if _count(status, "failed") and not active:
        return "Retrying", {}
    if _count(status, "succeeded"):
        return "Running", {}
    # A condition that another controller sets says nothing about the course of the Job.
    for word, condition in conditions.items():
        return word, condition
    return "Starting", {}


def _true_conditions(status: JsonObject) -> dict[str, JsonObject]:
    return {
        str(each.get("type")): each
        for each in dicts_in(status, "conditions")
        if each.get("status") == "True"
    }


def _ended(
    job: JsonObject, page: str, status: ProviderStatus, word: str, condition: JsonObject
) -> Report:
    of_job = object_in(job, "status")
    failed = status is ProviderStatus.FAILED
    return Report(
        status=status,
        provider_state=word,
        message=_reason(condition) or "The Job failed." if failed else None,
        monitor_url=page,
        started_at=moment_in(of_job, "startTime"),
        # Only a successful Job has a completion time.
        finished_at=moment_in(of_job, "completionTime")
        or moment_in(condition, "lastTransitionTime"),
        may_be_stopped=failed and is_cancelled(job),
    )


def _reason(condition: JsonObject) -> str | None:
    reason, message = (shortened_line(condition.get(name)) for name in ("reason", "message"))
    return f"{reason}: {message}" if reason and message else reason or message


def _waits(pod: JsonObject) -> Iterator[tuple[Wait, str]]:
    status = object_in(pod, "status")
    for condition in dicts_in(status, "conditions"):
        scheduled = condition.get("type") == "PodScheduled"
        if scheduled and condition.get("status") == "False":
            yield Wait.COMPUTE, _reason(condition) or "The pod is not scheduled yet."
    for name in ("initContainerStatuses", "containerStatuses"):
        for container in dicts_in(status, name):
            waiting = object_in(object_in(container, "state"), "waiting")
            reason = waiting.get("reason")
            if isinstance(reason, str):
                wait = Wait.RETRY if reason in _TRYING_AGAIN else Wait.COMPUTE
                yield wait, f"Container {container.get('name')}: {_reason(waiting)}"


def _count(status: JsonObject, name: str) -> int:
    found = status.get(name)
    return found if isinstance(found, int) else 0
