"""Serves the search for time zones by city or country."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import htpy as h
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from htpy import Element

from polysync_core.console.parts.cards import card, copy_button
from polysync_core.console.parts.notices import empty_state
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page
from polysync_core.domain.clock import zone_named, zone_names
from polysync_core.domain.schedules.zone_search import ZonePlace, search_zones

SUGGESTION = "Time zone"
"""The kind of the suggestions in the answer for a field."""
_MOST = 50
_MOST_SUGGESTIONS = 20

Wanted = Annotated[str, Query(max_length=100)]

router = PageRouter()


@router.get("/zones")
def zones_page(request: Request, q: Wanted = "") -> Response:
    """Show the time zones of a city or a country."""
    found = search_zones(q, limit=_MOST)
    return page(
        request,
        "Find a time zone",
        _form(q),
        _table(found) if found else _nothing(q),
        crumbs=[("Tasks", page_path("tasks"))],
        section="tasks",
    )


@router.get("/part/zones")
def zone_suggestions(q: Wanted = "") -> Response:
    """Return the zones that a typed text may mean: names that contain it, and places."""
    text = q.strip()
    places = [(each.zone, each.text) for each in search_zones(text, limit=_MOST_SUGGESTIONS)]
    named = ((each, each) for each in sorted(zone_names()) if text.lower() in each.lower())
    found = list(dict([*named, *places]).items())[:_MOST_SUGGESTIONS] if text else []
    entries = [{"kind": SUGGESTION, "text": zone, "label": label} for zone, label in found]
    headers = {"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
    return JSONResponse(entries, headers=headers)


def _form(text: str) -> Element:
    return h.form(".filters", method="get", action=page_path("zones"), role="search")[
        h.label(for_="place")["City or country"],
        h.input(id="place", name="q", type="search", value=text, maxlength="100", autofocus=True),
        h.button(type="submit")["Search"],
    ]


def _table(found: list[ZonePlace]) -> Element:
    now = datetime.now(UTC)
    columns = ["Time zone", "Places", "Now", ""]
    return card("Time zones", table("Time zones", columns, [_row(each, now) for each in found]))


def _row(found: ZonePlace, now: datetime) -> Element:
    local = now.astimezone(zone_named(found.zone))
    return h.tr[
        h.th(scope="row")[h.code[found.zone]],
        h.td[found.text],
        h.td(".nowrap")[f"{local:%H:%M}", h.small[f" UTC{local:%:z}"]],
        h.td[copy_button(found.zone)],
    ]


def _nothing(text: str) -> Element:
    if not text.strip():
        return empty_state("Type a city or a country, such as Berlin or Japan.")
    return empty_state(
        f"No time zone has a place with “{text}”. Try the country or a larger city nearby."
    )
