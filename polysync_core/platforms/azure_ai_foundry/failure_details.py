"""Reads the errors of a failed Azure Machine Learning job and of failed child jobs.

The error of a pipeline job names the child jobs that failed; `details` may hold their errors.
"""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.platforms.azure_ai_foundry.states import properties_of

_DEEPEST = 4
_MAX_DETAILS = 50


def failed_jobs(answer: JsonObject) -> FailureDetails:
    """Return the error of a job, and one for each child job in its details."""
    return FailureDetails(parts=tuple(_errors(object_in(properties_of(answer), "error"), "")))


def _errors(error: JsonObject, part: str, depth: int = 0) -> Iterator[FailureDetail]:
    message, codes = _text(error, "message"), " / ".join(_codes(error))
    if message or codes:
        text = f"{message} ({codes})" if message and codes else message or codes
        yield FailureDetail(part=_text(error, "target") or part, error=text, trace=_trace(error))
    details = error.get("details")
    if depth == _DEEPEST or not isinstance(details, list):
        return
    for each in details[:_MAX_DETAILS]:
        if isinstance(each, dict):
            yield from _errors(each, part, depth + 1)


def _codes(error: JsonObject) -> Iterator[str]:
    """Yield the code of an error, then the more exact codes inside it."""
    for _ in range(_DEEPEST):
        code = _text(error, "code")
        if code:
            yield code
        error = object_in(error, "innerError") or object_in(error, "innererror")


def _trace(error: JsonObject) -> str:
    return _text(object_in(error, "debugInfo"), "stackTrace")


def _text(source: JsonObject, name: str) -> str:
    value: JsonValue = source.get(name)
    return value if isinstance(value, str) else ""
