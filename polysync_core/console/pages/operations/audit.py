"""Serves the HTML page that lists one day's audit entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.operations.audit import CurrentAudit
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import clock_time
from polysync_core.console.paths import page_path, run_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.clock import EARLIEST, LATEST, DayText
from polysync_core.domain.security.audit import AuditEntry

_SECTION = "audit"
_LENGTH = 50

router = PageRouter()


@router.get("/audit")
def audit_page(
    request: Request,
    audit: CurrentAudit,
    day: Annotated[DayText | None, Query()] = None,
    after: Annotated[str | None, Query()] = None,
) -> Response:
    """List the changes of a day, newest first."""
    shown = day or audit.clock().date()
    found = audit.page(shown, limit=_LENGTH, token=after)
    older = found.continuation_token and page_path(
        "audit", day=shown.isoformat(), after=found.continuation_token
    )
    return page(
        request,
        "Audit",
        _days(shown, today=audit.clock().date()),
        _entries(found.items, shown),
        older_link(older),
        section=_SECTION,
    )


def _days(shown: date, *, today: date) -> Element:
    return h.form(".filters", method="get", action=page_path("audit"))[
        h.label(for_="day")["Day in UTC"],
        h.input(id="day", name="day", type="date", value=shown.isoformat(), required=True),
        h.button(type="submit")["Show"],
        shown > EARLIEST.date() and _day_link(shown - timedelta(days=1), "The day before"),
        shown < min(today, LATEST.date()) and _day_link(shown + timedelta(days=1), "The day after"),
    ]


def _day_link(day: date, label: str) -> Element:
    return h.a(".button", href=page_path("audit", day=day.isoformat()))[label]


def _entries(entries: Sequence[AuditEntry], day: date) -> Element:
    if not entries:
        return h.div(".card")[
            empty_state(
                f"There was no change on {day} in UTC.",
                command=f"curl $POLYSYNC_URL/audit?day={day}",
            )
        ]
    columns = ("Time in UTC", "Who", "What", "Result", "Run")
    return h.div(".card")[table("Changes, newest first", columns, map(_row, entries))]


def _row(entry: AuditEntry) -> Element:
    return h.tr[
        h.td(".nowrap")[clock_time(entry.at)],
        h.td(".break", title=entry.object_id)[entry.actor],
        h.td(".break")[
            h.span(class_=f"verb {entry.method}")[entry.method], " ", h.code[entry.path]
        ],
        h.td[_result(entry)],
        h.td[entry.run_id and h.a(".mono", href=run_path(entry.run_id))[entry.run_id[:8]]],
    ]


def _result(entry: AuditEntry) -> Node:
    """Return the effect of a call: an entry without a status is a change."""
    if entry.status is None:
        return "Changed"
    if entry.status < 400:
        return h.span(".nothing")["Changed nothing"]
    return h.span(".error")[f"Refused with {entry.status}"]
