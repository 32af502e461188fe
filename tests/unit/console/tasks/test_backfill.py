"""Tests of the page that backfills a schedule."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.unit.console.tasks.pages import (
    a_task,
    an_app,
    check_page,
    opened,
    send,
    signed_in,
    texts,
    tree_of,
)

NIGHT = Schedule(name="night", cron="30 2 * * *", time_zone="Europe/Berlin")
PATH = "/tasks/orders/backfill"
RANGE = [("schedule", "night"), ("from", "2026-03-10"), ("to", "2026-03-13")]


@pytest.fixture
def app() -> FakeApp:
    return an_app(a_task("orders", schedules=(NIGHT,)), a_task("stock"))


def run_count(app: FakeApp) -> int:
    return len(app.http.get("/task-runs?task=orders").json()["items"])


def test_the_form_offers_the_schedules_with_their_zones(app: FakeApp):
    tree = opened(app.browser, PATH)

    check_page(tree)
    assert texts(tree, "option") == ["night (Europe/Berlin)"]


def test_a_dry_run_shows_the_fire_times_and_creates_nothing(app: FakeApp):
    answer = send(app.browser, PATH, [*RANGE, ("do", "plan"), ("priority", "5")])
    tree = tree_of(answer)

    assert answer.status_code == 200
    check_page(tree)
    assert texts(tree, "tbody tr")[0] == ("Tue 2026-03-10 02:30:00 +0100 2026-03-10 01:30:00Z new")
    assert len(tree.css("tbody tr")) == 3
    assert texts(tree, "button[value=create]") == ["Create 3 runs"]
    assert "polysync backfill orders --from 2026-03-10 --to 2026-03-13" in answer.text
    assert run_count(app) == 0


def test_the_runs_are_created_and_listed(app: FakeApp):
    answer = send(app.browser, PATH, [*RANGE, ("do", "create"), ("maxConcurrentRuns", "1")])

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/runs?backfillId=")
    assert run_count(app) == 3
    again = tree_of(send(app.browser, PATH, [*RANGE, ("do", "plan")]))
    assert texts(again, "tbody tr td:last-child") == ["exists"] * 3
    assert not again.css("button[value=create]")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"from": ""}, "must be a date"),
        ({"from": "2026-03-13"}, "must be later than from"),
        ({"to": "2027-01-01"}, "must not be in the future"),
        ({"priority": "high"}, "must be a whole number"),
        ({"maxConcurrentRuns": "0"}, "1"),
        ({"from": "2026-02-30"}, "must be a date"),
        ({"to": '"><script>'}, "must be a date"),
    ],
)
def test_a_wrong_value_is_named_beside_its_field(
    app: FakeApp, changed: dict[str, str], message: str
):
    fields = list({**dict(RANGE), **changed, "do": "plan"}.items())

    answer = send(app.browser, PATH, fields)
    tree = tree_of(answer)

    assert answer.status_code == 422
    check_page(tree)
    assert message in texts(tree, ".field .error")[0]
    for name, value in changed.items():
        field = tree.css_first(f"[name={name}]")
        assert field is not None
        assert field.attributes["value"] == value


def test_a_task_without_schedule_has_nothing_to_fill(app: FakeApp):
    tree = opened(app.browser, "/tasks/stock/backfill")

    assert "no schedule" in texts(tree, ".empty")[0]


def test_a_disabled_task_is_refused(app: FakeApp):
    app.define(a_task("orders", schedules=(NIGHT,), enabled=False))

    assert send(app.browser, PATH, [*RANGE, ("do", "plan")]).status_code == 409


def test_an_unknown_task_is_not_found(app: FakeApp):
    assert app.browser.get("/tasks/order/backfill").status_code == 404


def test_a_reader_may_not_backfill():
    app, headers = signed_in(Role.READER, a_task("orders", schedules=(NIGHT,)))

    assert app.browser.get(PATH, headers=headers).status_code == 403
    assert send(app.browser, PATH, RANGE, headers=headers).status_code == 403
