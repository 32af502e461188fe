"""Reads the exit codes and error outputs of the failed tasks of a job."""

from __future__ import annotations

from itertools import islice

from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.azure_batch.client import BatchClient
from polysync_core.platforms.text import shortened_line

_MAX_OUTPUTS = 3
"""The number of tasks whose error output is read for one run."""


def failed_tasks(client: BatchClient, job: str) -> FailureDetails:
    """Return the failed tasks of a run."""
    client.job(job)
    found = [*islice(client.failed_tasks(job), MAX_PARTS + 1)]
    parts = [
        FailureDetail(
            part=str(task.get("id")),
            error=error_of(task),
            trace=client.error_output(job, str(task.get("id"))) if at < _MAX_OUTPUTS else "",
        )
        for at, task in enumerate(found[:MAX_PARTS])
    ]
    more = len(found) > MAX_PARTS
    return FailureDetails(
        parts=tuple(parts), note="More failed tasks are not shown." if more else None
    )


def error_of(task: JsonObject) -> str:
    """Return the exit code and the failure of a task."""
    execution = object_in(task, "executionInfo")
    failure, code = object_in(execution, "failureInfo"), execution.get("exitCode")
    texts = [
        "no exit code" if code is None else f"exit code {code}",
        shortened_line(failure.get("code")),
        shortened_line(failure.get("message")),
        *(f"{each.get('name')}: {each.get('value')}" for each in dicts_in(failure, "details")),
    ]
    return "; ".join(text for text in texts if text)
