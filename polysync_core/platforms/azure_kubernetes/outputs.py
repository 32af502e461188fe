"""Reads the outputs of a run from a container's termination message.

A container writes the message to `/dev/termination-log`, and Kubernetes keeps 4096 bytes.
https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, Malformed, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.strict_documents import read_json
from polysync_core.platforms.azure_kubernetes.client import KubernetesClient
from polysync_core.platforms.azure_kubernetes.settings import OUTPUTS_FROM_TERMINATION_MESSAGE
from polysync_core.platforms.connector import Report, RunNotFound

WHOLE_VALUE = "result"
"""The output for a message that is not a JSON object."""
MESSAGE_LIMIT = 4096
"""The bytes of a termination message that Kubernetes keeps."""


def with_outputs(report: Report, job: Job, client: KubernetesClient, name: str) -> Report:
    """Return the report of a successful run with the outputs that its Job wants.

    A message that cannot be read does not fail the run. Raises `Unavailable`, and
    `PlatformRefused` for a refused credential, because a later read may succeed.
    """
    if job.settings.get(OUTPUTS_FROM_TERMINATION_MESSAGE) is not True:
        return report
    container = str(job.settings.get("containerName") or "")
    try:
        messages = list(islice(_messages(client.pods(name), container), 2))
        if len(messages) == 1:
            return replace(report, outputs=_outputs(messages[0]))
        reason = (
            "several pods succeeded, so no message is the only one"
            if messages
            else "the cluster has no successful pod with the container: it was deleted, or"
            " settings.containerName is wrong"
        )
    except PlatformRefused as error:
        if error.cause is FailureCause.SECRET:
            raise
        reason = str(error)
    except (TooLarge, Invalid, RunNotFound) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The termination message is missing: {reason}.")


def _messages(pods: Iterator[JsonObject], container: str) -> Iterator[str]:
    """Yield the message of the container in each pod that succeeded."""
    for pod in pods:
        status = object_in(pod, "status")
        if status.get("phase") == "Succeeded":
            # The states have an order of their own, so the first container is found by its name.
            name = container or _first_name(pod)
            for entry in dicts_in(status, "containerStatuses"):
                if entry.get("name") == name:
                    message = object_in(object_in(entry, "state"), "terminated").get("message")
                    yield message if isinstance(message, str) else ""


def _first_name(pod: JsonObject) -> str:
    containers = dicts_in(object_in(pod, "spec"), "containers")
    return str(containers[0].get("name")) if containers else ""


def _outputs(message: str) -> JsonObject:
    """Return one output per key of a JSON object; any other message is the output `result`."""
    if not message.strip():
        return {}
    try:
        value = read_json(message.encode("utf-8", "surrogatepass"))
    except Malformed:
        value = None
    if isinstance(value, dict):
        return value
    if len(message.encode("utf-8", "surrogatepass")) >= MESSAGE_LIMIT:
        raise TooLarge(
            f"Kubernetes keeps {MESSAGE_LIMIT} bytes of it, and the message may be longer: write"
            " the path of the data instead"
        )
    return {WHOLE_VALUE: message}
