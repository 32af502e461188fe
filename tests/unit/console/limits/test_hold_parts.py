"""Holds on the pages of what they hold: notices, buttons and marks."""

from __future__ import annotations

import pytest

from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.unit.console.tasks.pages import (
    NOW,
    a_task,
    an_app,
    check_page,
    opened,
    send,
    signed_in,
    texts,
)

REASON = "The source is wrong"
TASK = ("/tasks/orders", "task", "orders")
PLATFORM = ("/platforms/lakehouse", "platform", "lakehouse")
pages = pytest.mark.parametrize(("path", "scope", "name"), [TASK, PLATFORM])


@pytest.fixture
def app() -> FakeApp:
    return an_app(a_task("orders"), a_task("stock"))


def hold(app: FakeApp, scope: str, name: str) -> str:
    fields = [("scope", scope), ("name", name), ("reason", REASON), ("back", "true")]
    answer = send(app.browser, "/holds", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def fields_of(app: FakeApp, path: str, button: str) -> list[tuple[str, str]]:
    """Return the hidden fields of the form of a button, as a browser sends them."""
    tree = opened(app.browser, path)
    form = next(each for each in tree.css("form[action$='/holds']") if button in each.text())
    return [
        (str(each.attributes["name"]), str(each.attributes.get("value") or ""))
        for each in form.css("input[type=hidden]")
    ]


@pages
class TestOnThePage:
    def test_a_hold_and_its_release_lead_back(
        self, app: FakeApp, path: str, scope: str, name: str
    ) -> None:
        given = [*fields_of(app, path, f"Hold this {scope}"), ("reason", REASON)]
        held = send(app.browser, "/holds", given)
        assert held.headers["location"] == f"/console{path}?notice=held"
        (shown,) = texts(opened(app.browser, path), ".notice.warning")
        assert REASON in shown
        assert f"nothing of {scope} {name} starts" in shown
        released = send(app.browser, "/holds", fields_of(app, path, "Release"))
        assert released.headers["location"] == f"/console{path}?notice=released"
        assert not texts(opened(app.browser, path), ".notice.warning")

    def test_a_held_page_has_no_second_hold(
        self, app: FakeApp, path: str, scope: str, name: str
    ) -> None:
        hold(app, scope, name)
        tree = opened(app.browser, path)
        check_page(tree)
        assert not tree.css("a[href='#hold'], #hold")

    def test_a_reader_sees_the_hold_without_a_button(
        self, app: FakeApp, path: str, scope: str, name: str
    ) -> None:
        app, headers = signed_in(Role.READER, a_task("orders"))
        app.services.holds.store.put(
            Hold(name=f"{scope}~{name}", version=1, reason=REASON, by="ann", at=NOW)
        )
        tree = opened(app.browser, path, headers=headers)
        assert REASON in texts(tree, ".notice.warning")[0]
        assert not tree.css("form[action$='/holds'], a[href='#hold']")


def test_the_page_of_a_task_shows_the_holds_on_its_platform_and_on_everything(
    app: FakeApp,
) -> None:
    hold(app, "platform", "lakehouse")
    hold(app, "all", "")
    tree = opened(app.browser, "/tasks/orders")
    shown = texts(tree, ".notice.warning")
    assert len(shown) == 2
    assert not [each for each in shown if "Release" in each]
    assert tree.css("#hold")


def test_a_held_task_is_marked_in_the_list(app: FakeApp) -> None:
    hold(app, "task", "orders")
    tree = opened(app.browser, "/tasks")
    assert f"Held {REASON}" in texts(tree, "#task-orders")[0]
    assert "Held" not in texts(tree, "#task-stock")[0]


@pytest.mark.parametrize("page", ["/tasks/orders/run", "/tasks/orders/backfill"])
def test_a_page_that_starts_runs_warns_of_the_hold(app: FakeApp, page: str) -> None:
    hold(app, "task", "orders")
    assert REASON in texts(opened(app.browser, page), ".notice.warning")[0]


def test_a_queued_run_says_that_it_is_held_in_the_list_and_on_its_page(app: FakeApp) -> None:
    hold(app, "task", "orders")
    run = app.http.post("/tasks/orders/run", json={}).json()["runId"]
    for page, selector in (("/runs", ".why"), (f"/runs/{run}", "#state-card .say")):
        (shown,) = texts(opened(app.browser, page), selector)
        assert shown.startswith("Held")
        assert REASON in shown


def test_a_release_without_a_hold_and_a_hold_without_a_reason_are_refused(app: FakeApp) -> None:
    fields = [("scope", "task"), ("name", "orders"), ("back", "true")]
    assert send(app.browser, "/holds", [*fields, ("do", "release")]).status_code == 404
    assert send(app.browser, "/holds", [*fields, ("reason", " ")]).status_code == 422
