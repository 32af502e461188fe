"""Decodes the states of OpenAI batches into Polysync statuses, and reads request errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_openai.client import seconds_in, text_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.text import shortened_line

STATES = {
    "validating": ProviderStatus.STARTING,
    "in_progress": ProviderStatus.RUNNING,
    "finalizing": ProviderStatus.RUNNING,
    "cancelling": ProviderStatus.RUNNING,
    "completed": ProviderStatus.SUCCESS,
    "failed": ProviderStatus.FAILED,
    "expired": ProviderStatus.FAILED,
    "cancelled": ProviderStatus.CANCELLED,
}
BATCH_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
COUNTS = ("total", "completed", "failed")
"""The counts of requests in a batch."""

_FILES = ("output_file_id", "error_file_id")
_ENDS = ("completed_at", "failed_at", "expired_at", "cancelled_at")


def batch_id_of(batch: JsonObject) -> str:
    """Return the id of a batch in an answer."""
    found = text_in(batch, "id")
    if BATCH_ID.fullmatch(found) is None:
        raise UnexpectedAnswer
    return found


def report_of(batch: JsonObject) -> Report:
    """Return the state of a batch.

    A batch is completed although requests failed: the count and the error file tell. If all
    requests failed, the run failed.
    """
    word = text_in(batch, "status")
    if not word:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    counts = _counts(batch)
    if status is ProviderStatus.SUCCESS and counts.get("failed") and not counts.get("completed"):
        status = ProviderStatus.FAILED
    ends = [moment for name in _ENDS if (moment := seconds_in(batch, name)) is not None]
    return Report(
        status=status,
        provider_state=word[:64],
        message=_message(batch, word) if status is ProviderStatus.FAILED else None,
        started_at=seconds_in(batch, "in_progress_at"),
        finished_at=max(ends) if ends and status.is_final else None,
        outputs=_outputs(batch) if status is ProviderStatus.SUCCESS else {},
    )


def errors_of(batch: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the line and the text of each error in the input file."""
    errors = object_in(batch, "errors")
    for error in objects_in(errors, "data") if errors.get("data") is not None else []:
        line = error.get("line")
        code, message = text_in(error, "code"), text_in(error, "message")
        part = f"line {line}" if isinstance(line, int) else "input file"
        yield part, ": ".join(text for text in (code, message) if text)


def _counts(batch: JsonObject) -> dict[str, int]:
    given = object_in(batch, "request_counts")
    found = {name: given.get(name) for name in COUNTS}
    return {name: count for name, count in found.items() if isinstance(count, int)}


def _outputs(batch: JsonObject) -> JsonObject:
    files = {name: text for name in _FILES if (text := text_in(batch, name))}
    counts = {f"request_counts_{name}": count for name, count in _counts(batch).items()}
    return {**files, **counts}


def _message(batch: JsonObject, word: str) -> str:
    """Return the reason for the failure of a batch."""
    counts = _counts(batch)
    done, total = counts.get("completed", 0), counts.get("total", 0)
    first = next(errors_of(batch), None)
    files = {name: text_in(batch, name) for name in _FILES}
    if first is not None:
        text = f"{first[0]}: {first[1]}"
    elif word == "expired":
        text = (
            f"The batch did not end within its completion window: {done} of {total} requests are"
            f" done. Their answers are in the file {files['output_file_id'] or 'that it names'}."
        )
    elif word == "completed":
        text = f"All {total} requests failed. See the file {files['error_file_id'] or 'of errors'}."
    else:
        text = "The service gives no reason for the failure: check the input file of the batch."
    return shortened_line(text) or ""
