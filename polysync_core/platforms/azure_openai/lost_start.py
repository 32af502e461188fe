"""Finds the run of a submit without a response, by the token in run metadata.

The OpenAI API knows no idempotency key for work that continues, but its lists show the metadata of
each run. A list may lag, so at first a missing run proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from polysync_core.domain.errors import Uncertain
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_openai.client import seconds_in
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from polysync_core.platforms.paging import SEARCH_LIMIT

LIST_LAG = timedelta(minutes=2)
"""The maximum delay until a new run appears in the list."""
TOKEN = "polysync_attempt"  # noqa: S105 - the name of a metadata entry
"""The entry of the metadata with the attempt's token."""

_CLOCK_SKEW = timedelta(minutes=5)


def earlier_start(
    entries: Iterator[JsonObject],
    request: SubmitRequest,
    now: datetime,
    *,
    may_be_own: Callable[[JsonObject], bool] = lambda _: False,
) -> JsonObject | None:
    """Return the entry that an earlier submit of the attempt started, or None.

    `may_be_own` selects the entries without metadata that may belong to the attempt. Raises
    `Uncertain` while the list may lag, and `OutcomeUnknown` if a person must decide.
    """
    is_unclear = False
    for count, entry in enumerate(entries):
        metadata = object_in(entry, "metadata")
        if metadata.get(TOKEN) == request.token:
            return entry
        created = seconds_in(entry, "created_at")
        is_recent = created is None or created >= request.begun_at - _CLOCK_SKEW
        is_unclear = is_unclear or (is_recent and TOKEN not in metadata and may_be_own(entry))
        if count + 1 == SEARCH_LIMIT:
            is_unclear = True
            break
    if now < request.begun_at + LIST_LAG:
        raise Uncertain("The run may have been started; it may not be in the list yet.")
    if is_unclear and not request.job.may_run_twice:
        raise OutcomeUnknown(
            "The start got no answer, and the list has runs that may belong to the attempt. Check"
            " them, then rerun if needed; resubmit: WhenIdempotent starts the run again."
        )
    return None


def until_older(entries: Iterator[JsonObject], begun_at: datetime) -> Iterator[JsonObject]:
    """Yield the entries of a list, newest first, that are not older than an attempt."""
    for entry in entries:
        created = seconds_in(entry, "created_at")
        if created is not None and created < begun_at - _CLOCK_SKEW:
            return
        yield entry
