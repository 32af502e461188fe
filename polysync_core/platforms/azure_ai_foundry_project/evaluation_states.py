"""Decodes the states and results of Foundry evaluation runs into Polysync statuses and outputs."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.outbound.hosts import base_from_service
from polysync_core.platforms.azure_openai.client import text_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.text import shortened_line

STATES = {
    "queued": ProviderStatus.STARTING,
    "in_progress": ProviderStatus.RUNNING,
    "completed": ProviderStatus.SUCCESS,
    "failed": ProviderStatus.FAILED,
    "canceled": ProviderStatus.CANCELLED,
    "cancelled": ProviderStatus.CANCELLED,
}
COUNTS = ("total", "passed", "failed", "errored")
"""The counts of items in the result of a run."""


def report_of(run: JsonObject, portal_suffixes: Sequence[str]) -> Report:
    """Return the state of a run; a completed run whose items all have errors has failed."""
    word = text_in(run, "status")
    if not word:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    counts = _counts(run)
    if status is ProviderStatus.SUCCESS and 0 < counts.get("total", 0) == counts.get("errored"):
        status = ProviderStatus.FAILED
    page = text_in(run, "report_url")
    if base_from_service(page, portal_suffixes) is None:
        page = ""
    return Report(
        status=status,
        provider_state=word[:64],
        message=_message(run, counts) if status is ProviderStatus.FAILED else None,
        monitor_url=page or None,
        outputs=_outputs(run, counts, page) if status is ProviderStatus.SUCCESS else {},
    )


def failure_of(run: JsonObject) -> str | None:
    """Return the code and the text of the error of a run; None without an error."""
    error = object_in(run, "error")
    texts = (text_in(error, "code"), text_in(error, "message"))
    return ": ".join(text for text in texts if text) or None


def _message(run: JsonObject, counts: dict[str, int]) -> str:
    total = counts.get("total", 0)
    usual = (
        f"All {total} items have errors: open the report of the run."
        if total
        else "The service gives no reason for the failure: open the report of the run."
    )
    return shortened_line(failure_of(run)) or usual


def _counts(run: JsonObject) -> dict[str, int]:
    given = object_in(run, "result_counts")
    found = {name: given.get(name) for name in COUNTS}
    return {name: count for name, count in found.items() if isinstance(count, int)}


def _outputs(run: JsonObject, counts: dict[str, int], page: str) -> JsonObject:
    criteria = run.get("per_testing_criteria_results")
    return {
        "evaluation_id": text_in(run, "eval_id"),
        "evaluation_run_id": text_in(run, "id"),
        "status": text_in(run, "status"),
        **{f"result_counts_{name}": count for name, count in counts.items()},
        **({"criteria": [*objects_in(run, "per_testing_criteria_results")]} if criteria else {}),
        **({"report_url": page} if page else {}),
    }
