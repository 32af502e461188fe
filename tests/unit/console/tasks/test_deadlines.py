"""Tests of the deadlines on the pages of the console."""

from __future__ import annotations

import pytest

from polysync_core.domain.runs.listing import Listing
from tests.fakes.expecting import EARLY, Expecting
from tests.unit.console.tasks.pages import check_page, opened, send, texts, tree_of
from tests.unit.console.tasks.test_editor import form_of


@pytest.fixture
def world() -> Expecting:
    """A Task with a late run, at 07:10 in Berlin."""
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY, expect={"finishedBy": "07:00", "durationWithin": "p95x2"})
    world.until("2026-12-01T04:30:00")
    world.begin(world.made(None)[0])
    world.until("2026-12-01T06:10:00")
    return world


def test_a_task_shows_its_fields_the_next_deadline_and_the_last_results(world: Expecting) -> None:
    tree = opened(world.app.browser, "/tasks/load-daily?tab=scheduling")
    check_page(tree)
    field = tree.css_first("[name='expect.finishedBy']")
    assert field.attributes["value"] == "07:00"
    following, last = texts(tree, "section[aria-label='Deadlines'] tbody tr")
    assert "Next" in following
    assert "Late" in last
    assert "Running" in last


@pytest.mark.parametrize(
    ("written", "stored"),
    [("p90x3", "p90x3"), ("1800", 1800), ("p95×2", "p95x2")],  # noqa: RUF001
)
def test_the_editor_saves_the_expectation(
    world: Expecting, written: str, stored: str | int
) -> None:
    tree = opened(world.app.browser, "/tasks/load-daily?tab=scheduling")
    new = {"expect.finishedBy": "08:15", "expect.durationWithin": written}
    fields = [(name, new.get(name, value)) for name, value in form_of(tree)]
    plan = tree_of(send(world.app.browser, "/tasks/load-daily", [*fields, ("do", "review")]))
    send(world.app.browser, "/tasks/load-daily", [*form_of(plan), ("do", "save")])
    expect = world.services.definitions.task("load-daily").expect
    assert expect is not None
    assert (expect.finished_by, expect.duration_within) == ("08:15", stored)


def test_a_wrong_time_of_day_is_shown_at_its_field(world: Expecting) -> None:
    tree = opened(world.app.browser, "/tasks/load-daily?tab=scheduling")
    fields = [(n, "7am" if n == "expect.finishedBy" else v) for n, v in form_of(tree)]
    refused = tree_of(send(world.app.browser, "/tasks/load-daily", [*fields, ("do", "review")]))
    assert "must be a time of day" in " ".join(texts(refused, "main"))


def test_an_empty_expectation_is_left_out(world: Expecting) -> None:
    tree = opened(world.app.browser, "/tasks/load-daily?tab=scheduling")
    fields = [(n, "" if n.startswith("expect.") else v) for n, v in form_of(tree)]
    plan = tree_of(send(world.app.browser, "/tasks/load-daily", [*fields, ("do", "review")]))
    send(world.app.browser, "/tasks/load-daily", [*form_of(plan), ("do", "save")])
    assert world.services.definitions.task("load-daily").expect is None


def test_lists_and_the_page_of_a_run_show_the_mark(world: Expecting) -> None:
    in_time = world.run_once()
    late = opened(world.app.browser, "/runs?late=true")
    check_page(late)
    (row,) = texts(late, "tbody.rows tr")
    assert "Late" in row
    assert in_time.run_id not in late.html
    assert len(texts(opened(world.app.browser, "/runs"), "tbody.rows tr")) == 2
    (run,) = world.runs.page(Listing(late=True)).items
    page = opened(world.app.browser, f"/runs/{run.run_id}")
    assert "had not succeeded by 2026-12-01 06:00:00 UTC" in texts(page, "#state-card")[0]


def test_missed_work_has_a_tab_of_deadlines(world: Expecting) -> None:
    tree = opened(world.app.browser, "/missed?kind=deadlines")
    check_page(tree)
    (row,) = texts(tree, "main tbody tr")
    assert row.startswith("load-daily Late 2026-12-01 06:00:00 UTC Running")
