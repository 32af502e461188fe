"""Reads exit codes, messages and logs of a Kubernetes Job's failed containers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.azure_kubernetes.client import KubernetesClient
from polysync_core.platforms.azure_kubernetes.states import report_of
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.text import shortened_line

_MAX_PODS = 500
_MAX_LOGS = 3
"""The number of logs that are read for one run."""
_INDEX = "batch.kubernetes.io/job-completion-index"


def failed_containers(client: KubernetesClient, name: str) -> FailureDetails:
    """Return each failed container of the last pod of each index."""
    job = client.job(name)
    pods: dict[str, JsonObject] = {}
    for pod in sorted(islice(client.pods(name), _MAX_PODS), key=_created):
        pods[_index(pod)] = pod
    found = [each for pod in pods.values() for each in _failures(pod)]
    parts = [
        FailureDetail(
            part=part,
            error=error,
            trace=client.log_tail(pod, container) if container and at < _MAX_LOGS else "",
        )
        for at, (part, error, pod, container) in enumerate(found[:MAX_PARTS])
    ]
    report = report_of(job, "")
    if report.status is ProviderStatus.FAILED and report.message and not parts:
        parts = [FailureDetail(error=report.message)]
    more = len(found) - MAX_PARTS
    return FailureDetails(
        parts=tuple(parts), note=f"{more} more containers are not shown." if more > 0 else None
    )


def first_failure(pods: list[JsonObject]) -> str | None:
    """Return the failure of the newest failed pod, in one sentence; None if no pod failed."""
    for pod in sorted(pods, key=_created, reverse=True):
        for part, error, _, _ in _failures(pod):
            return shortened_line(f"Container {part}: {error}")
    return None


def _failures(pod: JsonObject) -> Iterator[tuple[str, str, str, str]]:
    """Yield part, error, pod and container of each failure; no container for a lost pod."""
    name, status = str(object_in(pod, "metadata").get("name")), object_in(pod, "status")
    is_failed = False
    for group in ("initContainerStatuses", "containerStatuses"):
        for entry in dicts_in(status, group):
            ended = object_in(object_in(entry, "state"), "terminated") or object_in(
                object_in(entry, "lastState"), "terminated"
            )
            if ended and ended.get("exitCode") != 0:
                container, is_failed = str(entry.get("name")), True
                yield _part(pod, container), _error(ended), name, container
    reason = shortened_line(status.get("reason"))
    if reason and not is_failed:
        message = shortened_line(status.get("message"))
        yield _part(pod, "pod"), f"{reason}: {message}" if message else reason, name, ""


def _error(ended: JsonObject) -> str:
    """Return the reason, the exit code and the termination message of a container."""
    reason = shortened_line(ended.get("reason")) or "Error"
    if reason == "OOMKilled":
        reason = "OOMKilled: the container needed more memory than its limit"
    signal = ended.get("signal")
    code = f"exit code {ended.get('exitCode')}" + (f", signal {signal}" if signal else "")
    message = ended.get("message")
    text = f"{reason} ({code})"
    return f"{text}: {message.strip()}" if isinstance(message, str) and message.strip() else text


def _part(pod: JsonObject, container: str) -> str:
    index = _index(pod)
    return f"{container} (index {index})" if index else container


def _index(pod: JsonObject) -> str:
    """Return the completion index of a pod; empty if the Job has no indexes."""
    found = object_in(object_in(pod, "metadata"), "annotations").get(_INDEX)
    return found if isinstance(found, str) else ""


def _created(pod: JsonObject) -> str:
    return str(object_in(pod, "metadata").get("creationTimestamp"))
