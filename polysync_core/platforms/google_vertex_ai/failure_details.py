"""Reads the errors of a failed Vertex AI job or pipeline task."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.google_vertex_ai.outputs import tasks_of

_FAILED = "FAILED"


def failed_tasks(job: JsonObject) -> FailureDetails:
    """Return the errors of the failed tasks; without them, the error of the pipeline.

    A task that only contains a failed task repeats its error, so it is left out.
    """
    failed = [task for task in tasks_of(job) if task.get("state") == _FAILED]
    containers = {str(task.get("parentTaskId")) for task in failed}
    parts = [
        FailureDetail(part=str(task.get("taskName") or ""), error=text)
        for task in failed
        if str(task.get("taskId")) not in containers and (text := _text(task.get("error")))
    ]
    return FailureDetails(parts=tuple(parts)) if parts else failed_job(job)


def failed_job(job: JsonObject) -> FailureDetails:
    """Return the error of a job, and its partial failures."""
    return FailureDetails(parts=tuple(FailureDetail(error=text) for text in _errors(job)))


def _errors(job: JsonObject) -> Iterator[str]:
    partial = job.get("partialFailures")
    for error in (object_in(job, "error"), *(partial if isinstance(partial, list) else ())):
        text = _text(error)
        if text:
            yield text


def _text(error: JsonValue) -> str:
    """Return the message of an error with its code."""
    if not isinstance(error, dict):
        return ""
    message, code = error.get("message"), error.get("code")
    text = message if isinstance(message, str) else ""
    return f"{text} (code {code})" if text and isinstance(code, int) else text
