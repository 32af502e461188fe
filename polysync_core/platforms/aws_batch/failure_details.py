"""Reads the errors of a Batch job's failed attempts or failed array children.

https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.aws.answers import text_in
from polysync_core.platforms.aws_batch.client import BatchClient

_LOG_GROUP = "/aws/batch/job"


def failed_parts(service: BatchClient, job_id: str) -> FailureDetails:
    """Return the failed parts of a job with their errors; raises `RunNotFound`."""
    job = service.job(job_id)
    if "size" in object_in(job, "arrayProperties"):
        query: JsonObject = {"arrayJobId": job_id, "jobStatus": "FAILED"}
        parts = list(islice(map(_child, service.jobs(query)), MAX_PARTS + 1))
        note = f"More than {MAX_PARTS} children failed." if len(parts) > MAX_PARTS else None
        return FailureDetails(parts=tuple(parts[:MAX_PARTS]), note=note)
    parts = list(_attempts(job))
    if not parts and (reason := text_in(job, "statusReason")):
        parts = [FailureDetail(error=reason)]
    return FailureDetails(parts=tuple(parts[:MAX_PARTS]))


def _child(child: JsonObject) -> FailureDetail:
    index = object_in(child, "arrayProperties").get("index")
    return FailureDetail(
        part=f"child {index}", error=_error(child, [object_in(child, "container")])
    )


def _attempts(job: JsonObject) -> Iterator[FailureDetail]:
    attempts = [*dicts_in(job, "attempts"), *dicts_in(job, "eksAttempts")]
    for number, attempt in enumerate(attempts, start=1):
        containers = list(_containers(attempt))
        streams = [text for each in containers if (text := text_in(each, "logStreamName"))]
        yield FailureDetail(
            part=f"attempt {number}",
            error=_error(attempt, containers),
            trace="\n".join(f"Log stream of {_LOG_GROUP}: {stream}" for stream in streams),
        )


def _containers(attempt: JsonObject) -> Iterator[JsonObject]:
    """Yield the containers of an attempt, which each kind of definition keeps elsewhere."""
    container = object_in(attempt, "container")
    if container:
        yield container
    yield from dicts_in(attempt, "containers")
    yield from dicts_in(attempt, "initContainers")
    for task in dicts_in(attempt, "taskProperties"):
        yield from dicts_in(task, "containers")


def _error(part: JsonObject, containers: list[JsonObject]) -> str:
    texts = [text_in(part, "statusReason")]
    for container in containers:
        name, code = text_in(container, "name"), container.get("exitCode")
        of = f" of container {name}" if name else ""
        texts += [f"exit code {code}{of}" if code else None, text_in(container, "reason")]
    return "; ".join(dict.fromkeys(text for text in texts if text))
