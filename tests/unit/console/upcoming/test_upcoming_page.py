"""The page of upcoming fire times."""

from __future__ import annotations

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.console.parts.times import NOTHING
from polysync_core.domain.definitions.base import Kind
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled
from tests.unit.console.graph.graph_world import text


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def page(world: Scheduled, **query: str) -> LexborHTMLParser:
    answer = world.app.browser.get("/upcoming", params=query)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def rows(tree: LexborHTMLParser) -> list[list[str]]:
    return [
        [" ".join(cell.text(separator=" ").split()) for cell in row.css("th, td")]
        for row in tree.css("main tbody tr:not(.day)")
    ]


def test_each_fire_time_is_a_line_below_its_day(world: Scheduled) -> None:
    world.task({**DAILY, "timeZone": "Europe/Berlin"}, name="a")
    world.task({"name": "late", "cron": "0 23 * * *"}, name="b")
    tree = page(world, to="2026-03-03")
    assert [each.text() for each in tree.css("main tr.day")] == [
        "Sunday, 2026-03-01",
        "Monday, 2026-03-02",
    ]
    assert [row[:4] for row in rows(tree)] == [
        ["23:00:00", "2026-03-01 23:00 UTC", "b", "late"],
        ["05:00:00", "2026-03-02 06:00 Europe/Berlin", "a", "daily"],
        ["23:00:00", "2026-03-02 23:00 UTC", "b", "late"],
    ]
    assert tree.css_first("input[name=to]").attributes["value"] == "2026-03-03"


def test_notes_name_calendars_jitter_and_clock_changes(world: Scheduled) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-02"]})
    world.task({**DAILY, "calendars": ["holidays"]}, name="a")
    world.task({"name": "gap", "cron": "30 2 29 3 *", "timeZone": "Europe/Berlin"}, name="b")
    world.task({"name": "j", "cron": "0 3 2 3 *", "jitterSeconds": 3000}, name="c")
    notes = {row[2]: row[5] for row in rows(page(world, to="2026-03-03"))}
    assert notes["a"] == "does not fire: holidays"
    assert notes["c"].startswith("jitter of ")
    (gap,) = [
        row
        for row in rows(page(world, **{"from": "2026-03-29", "to": "2026-03-30"}))
        if row[2] == "b"
    ]
    assert "02:30 does not exist on 2026-03-29; runs at 03:00" in gap[5]


def test_the_usual_duration_gives_the_end_and_the_tight_limits(world: Scheduled) -> None:
    settings = {"maxConcurrentTasks": 1}
    cap = {"name": "cap", "type": "Concurrency", "settings": settings}
    world.define(Kind.CONTENTION_PROFILE, cap)
    for name in ("a", "b"):
        world.task({**MINUTELY, "cron": "0 13 * * *"}, name=name, contentionProfiles=["cap"])
    first, second = rows(page(world, to="2026-03-02"))
    assert (first[4], first[5]) == (NOTHING, "may wait for cap")
    assert second[5] == "may wait for cap"


def test_pages_are_linked(world: Scheduled) -> None:
    world.task(MINUTELY)
    tree = page(world, to="2026-03-02")
    assert len(rows(tree)) == 50
    link = tree.css_first("a[rel=next]").attributes["href"] or ""
    assert link.startswith("/console/upcoming?to=2026-03-02&after=")
    later = LexborHTMLParser(world.app.browser.get(link.removeprefix("/console")).text)
    assert rows(later)[0][0] == "12:51:00"


def test_a_window_without_fire_times_says_so(world: Scheduled) -> None:
    assert "No schedule fires in this window." in text(page(world), ".empty")


@pytest.mark.parametrize(
    "query", [{"from": "soon"}, {"to": "2020-01-01"}, {"after": "x"}, {"to": "2029-01-01"}]
)
def test_a_wrong_window_is_a_page_of_its_problem(world: Scheduled, query: dict[str, Any]) -> None:
    answer = world.app.browser.get("/upcoming", params=query)
    assert answer.status_code in {400, 422}
    assert len(LexborHTMLParser(answer.text).css("h1")) == 1
