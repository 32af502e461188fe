"""Draws the cards of a run's attempts, failure details and status history."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from polysync_core.application.platforms.failure_details import AttemptDetails
from polysync_core.console.icons import status_icon
from polysync_core.console.parts.cards import card, copy_button
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.run_links import platform_link, with_run_links
from polysync_core.console.parts.status import status_badge
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import clock_time, duration_text, nothing
from polysync_core.console.paths import page_path
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.details import FailureDetail
from polysync_core.domain.runs.run import HistoryEntry, RunStatus, TaskRun

DETAILS = "details"
"""The id of the part that shows failure details."""
_COLUMNS = ("Attempt", "Status", "Cause and error", "Duration", "On the platform")


def attempts_card(run: TaskRun) -> Element:
    """Return the attempts, the newest first."""
    if not run.attempts:
        return card("Attempts", h.p(".in.nothing")["The run has not been submitted yet."])
    rows = [_attempt(run, attempt) for attempt in reversed(run.attempts)]
    shown = table("Attempts of the run, newest first", _COLUMNS, rows)
    return card("Attempts", h.div(".attempts")[shown])


def history_card(run: TaskRun) -> Element:
    """Return every change of status and note, oldest first."""
    return card("History", h.ol(".history")[[_entry(run, entry) for entry in run.history]])


def details_card(found: AttemptDetails) -> Element:
    """Return the platform's own words about the failure of an attempt."""
    attempt = found.attempt
    title = "Failure details" if attempt is None else f"Failure of attempt {attempt.number}"
    note = found.details.note
    return h.div(id=DETAILS)[
        card(
            title,
            h.div(".in")[
                h.p[found.message],
                attempt is not None and attempt.error and h.p[h.b["Error: "], attempt.error],
                [_part(part) for part in found.details.parts],
                note and notice("info", note),
            ],
        )
    ]


def no_details() -> Element:
    """Return the empty element that shows failure details on request."""
    return h.div(id=DETAILS)


def _attempt(run: TaskRun, attempt: Attempt) -> Element:
    ended = attempt.finished_at
    begun = attempt.started_at or attempt.submitted_at or attempt.begun_at
    duration = None if ended is None or begun is None else ended - begun
    return h.tr[
        h.td(".number")[str(attempt.number)],
        h.td[status_badge(attempt.status)],
        h.td(".break")[_outcome(attempt)],
        h.td(".number.nowrap")[duration_text(duration)],
        h.td[
            platform_link(run, attempt, text="Open"),
            attempt.external_run_id and [" ", h.small(".mono.break")[attempt.external_run_id]],
            _repair(run.repaired_by(attempt.number)),
            attempt.status is RunStatus.FAILED and [h.br, _details_link(run, attempt)],
        ],
    ]


def _repair(repaired: str | None) -> Node:
    return None if repaired is None else [h.br, h.small(".break")[f"repairs {repaired}"]]


def _outcome(attempt: Attempt) -> Node:
    if attempt.status is not RunStatus.FAILED:
        return attempt.provider_status or nothing()
    return [h.b[attempt.cause or "Failed"], " · ", list(with_run_links(attempt.error or ""))]


def _details_link(run: TaskRun, attempt: Attempt) -> Element:
    address = page_path("runs", run.run_id, "details", attempt=attempt.number)
    attributes = {
        "href": address,
        "hx-get": address,
        "hx-target": f"#{DETAILS}",
        "hx-select": f"#{DETAILS}",
        "hx-swap": "outerMorph",
    }
    return h.a(attributes)["Failure details"]


def _part(part: FailureDetail) -> Element:
    trace = part.trace
    return h.section(aria_label=part.part or "Failed part")[
        part.part and h.h3[part.part],
        part.error and h.p(".break")[part.error],
        trace
        and [
            copy_button(trace, label="Copy the trace"),
            h.pre(tabindex="0", aria_label="Trace")[trace],
        ],
    ]


def _entry(run: TaskRun, entry: HistoryEntry) -> Element:
    is_change = entry.from_status is not entry.to_status
    attempt = f", attempt {entry.attempt}" if entry.attempt else ""
    same_day = entry.at.date() == run.queued_at.date()
    return h.li[
        h.span(".t")[clock_time(entry.at)],
        status_icon(entry.to_status),
        h.span[
            is_change and h.b[entry.to_status.value, " "],
            list(with_run_links(entry.reason)),
            h.small[
                f"by {entry.actor}{attempt}", "" if same_day else f" on {entry.at:%Y-%m-%d} UTC"
            ],
        ],
    ]
