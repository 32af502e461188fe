"""Tests that pages and API show the last test and the recent deliveries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.application.events.deliveries import Delivery
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.webhook_client import EventNotAccepted
from tests.fakes.app import FakeApp
from tests.fakes.tables import Call
from tests.unit.console.browser import parsed, text_of
from tests.unit.console.editing.pages import CHAT, app_with

RUN = "r" + "a" * 25


@pytest.fixture
def app() -> FakeApp:
    app = app_with((Kind.WEBHOOK, CHAT), (Kind.VAULT, {"name": "local", "provider": "Environment"}))
    app.vaults.values["local/HOOK"] = "key"
    return app


def deliver(app: FakeApp, status: str = "Failed", attempt: int = 1) -> None:
    event: dict[str, Any] = {"eventId": f"{RUN}/1", "to": status, "runId": RUN}
    delivery = Delivery(webhook="chat", event=event, attempt=attempt)
    app.services.webhook_delivery.deliver(delivery.encode())


@pytest.mark.parametrize("kind", ["platforms/lakehouse", "vaults/local", "webhooks/chat"])
def test_the_last_test_is_shown_in_the_list_and_on_the_page(app: FakeApp, kind: str) -> None:
    section = kind.partition("/")[0]
    before = parsed(app.browser.get(f"/{kind}").text)
    assert before.css_first('.card[aria-label="Last test of the connection"]') is None
    assert app.http.get(f"/{kind}/test").status_code == 404

    app.http.post(f"/{kind}/test").raise_for_status()

    page = parsed(app.browser.get(f"/{kind}").text)
    assert text_of(page, '.card[aria-label="Last test of the connection"] .in').startswith("Passed")
    assert "Passed" in text_of(parsed(app.browser.get(f"/{section}").text), "tbody")
    answer = app.http.get(f"/{kind}/test").json()
    assert answer["ok"] is True
    assert answer["at"] == "2026-03-01T12:00:00.000Z"


def test_a_failed_test_says_so(app: FakeApp) -> None:
    app.receiver.failure = EventNotAccepted("h answered with status 500", status=500)
    app.browser.post("/webhooks/chat/test")

    card = text_of(
        parsed(app.browser.get("/webhooks/chat").text),
        '.card[aria-label="Last test of the connection"]',
    )
    assert "Failed h answered with status 500" in card


def test_the_test_of_a_draft_is_not_remembered(app: FakeApp) -> None:
    form = {"name": "chat", "url": CHAT["url"], "secret": CHAT["secret"], "do": "test"}
    app.browser.post("/webhooks/chat", data=form)

    assert app.http.get("/webhooks/chat/test").status_code == 404


def test_deliveries_are_listed_newest_first(app: FakeApp) -> None:
    app.receiver.failure = EventNotAccepted("h answered with status 500", status=500)
    deliver(app)
    app.receiver.failure = None
    deliver(app, attempt=2)
    app.receiver.failure = EventNotAccepted("<b>gone</b>", status=410)
    deliver(app, attempt=8)

    items = app.http.get("/webhooks/chat/deliveries").json()["items"]
    assert [(each["attempt"], each["result"]) for each in items] == [
        (8, "Abandoned"),
        (2, "Accepted"),
        (1, "Failed"),
    ]
    assert (items[0]["runId"], items[0]["kind"], items[0]["error"]) == (
        RUN,
        "run.failed",
        "<b>gone</b>",
    )
    rows = parsed(app.browser.get("/webhooks/chat").text).css(
        '.card[aria-label="Recent deliveries"] tbody tr'
    )
    assert [row.css_first(".badge").text() for row in rows] == ["Abandoned", "Accepted", "Failed"]
    assert rows[0].css_first("a").attributes["href"] == f"/console/runs/{RUN}"
    assert "<b>gone</b>" in rows[0].text()


def test_the_deliveries_of_an_unknown_webhook_are_not_found(app: FakeApp) -> None:
    assert app.http.get("/webhooks/other/deliveries").status_code == 404


def test_a_result_that_cannot_be_stored_fails_no_work(app: FakeApp) -> None:
    def away(call: Call, do: Callable[[], Any]) -> Any:
        if call.table == "RecentResults" and call.method != "GET":
            raise Unavailable("The storage is away.")
        return do()

    app.tables.intercept = away
    deliver(app)
    answer = app.http.post("/platforms/lakehouse/test")

    assert len(app.receiver.posts) == 1
    assert answer.json()["ok"] is True
