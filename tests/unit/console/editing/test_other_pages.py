"""Tests the pages of calendars, webhooks, limits and vaults."""

from __future__ import annotations

import json

import pytest

from polysync_core.application.events.deliveries import abandoned_delivery
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.errors import Unavailable
from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, submit, text_of
from tests.unit.console.editing.pages import CHAT, HOLIDAYS, app_with, stored


@pytest.fixture
def app() -> FakeApp:
    return app_with((Kind.CALENDAR, HOLIDAYS), (Kind.WEBHOOK, CHAT))


# Calendars


def test_the_year_shows_dates_and_ranges(app: FakeApp) -> None:
    page = parsed(app.browser.get("/calendars/holidays?year=2026").text)
    checked = [each.attributes["value"] for each in page.css(".month input[checked]")]
    assert checked == ["2026-12-25", "2026-12-26"]
    assert len(page.css(".month .out")) == 3
    hidden = page.css('input[type=hidden][name="dates[]"]')
    assert [each.attributes["value"] for each in hidden] == ["2027-12-26"]


def test_an_unchanged_calendar_keeps_the_order_of_its_dates(app: FakeApp) -> None:
    form = app.browser.get("/calendars/holidays?year=2026")
    answer = submit(app.browser, form, do="review")
    assert answer.headers["location"].endswith("notice=unchanged")


def test_a_day_is_chosen_and_another_year_shown_without_loss(app: FakeApp) -> None:
    form = app.browser.get("/calendars/holidays?year=2026")
    later = submit(app.browser, form, {"description": "draft"}, do="year:2027")
    page = parsed(later.text)
    assert [each.attributes["value"] for each in page.css(".month input[checked]")] == [
        "2027-12-26"
    ]
    assert text_of(page, "#f-description") == "draft"
    plan = submit(app.browser, later, do="review")
    submit(app.browser, plan, do="save")
    assert [str(each) for each in stored(app, Kind.CALENDAR, "holidays").dates] == HOLIDAYS["dates"]


def test_a_further_date_is_added(app: FakeApp) -> None:
    page = parsed(app.browser.get("/calendars/holidays?year=2026").text)
    further = page.css_first("#further-date")
    assert further is not None
    further.attrs["value"] = "2031-01-01"  # type: ignore[index]
    plan = submit(app.browser, page, do="review")
    submit(app.browser, plan, do="save")
    dates = [str(each) for each in stored(app, Kind.CALENDAR, "holidays").dates]
    assert dates == [*HOLIDAYS["dates"], "2031-01-01"]


def test_a_calendar_names_the_schedules_and_the_fire_times_it_takes_away() -> None:
    task = {
        "name": "daily",
        "job": "sales-load",
        "schedules": [{"name": "nightly", "cron": "0 6 * * *", "calendars": ["holidays"]}],
    }
    app = app_with((Kind.CALENDAR, HOLIDAYS), (Kind.TASK, task))
    page = parsed(app.browser.get("/calendars/holidays").text)
    row = text_of(page, '.card[aria-label="Schedules"] tbody tr')
    assert row.startswith("dailynightly 0 6 * * * UTC5: 2026-08-03, 2026-08-04")


# Webhooks


def test_a_test_event_is_signed_and_sent_once(app: FakeApp) -> None:
    app.vaults.values["local/HOOK"] = "key"
    answer = submit(app.browser, app.browser.get("/webhooks/chat"), do="test")
    assert "accepted the test event" in text_of(parsed(answer.text), ".notice.success")
    [(url, headers, body)] = app.receiver.posts
    assert url == CHAT["url"]
    assert headers["X-Polysync-Event"] == "test"
    assert headers["X-Polysync-Signature"].startswith("v1=")
    assert json.loads(body)["test"] is True


def test_a_receiver_that_refuses_is_a_result(app: FakeApp) -> None:
    app.vaults.values["local/HOOK"] = "key"
    app.receiver.failure = Unavailable("hooks.example.com answered with status 500")
    answer = submit(app.browser, app.browser.get("/webhooks/chat"), do="test")
    assert answer.status_code == 200
    assert "status 500" in text_of(parsed(answer.text), ".notice.error")


def test_the_api_tests_a_webhook(app: FakeApp) -> None:
    app.vaults.values["local/HOOK"] = "key"
    answer = app.http.post("/webhooks/chat/test")
    assert answer.json()["ok"] is True
    assert app.http.post("/webhooks/unknown/test").status_code == 404


def test_abandoned_deliveries_of_the_webhook_are_shown(app: FakeApp) -> None:
    app.vaults.values["local/HOOK"] = "key"
    event = {"eventId": "r/1", "to": "Failed"}
    for webhook, reason in (("chat", "it was closed"), ("chat-2", "not this one")):
        message = json.dumps(
            {"webhook": webhook, "attempt": 9, "failure": reason, "event": event},
            separators=(",", ":"),
        )
        app.services.poison_messages.record(
            "webhook-deliveries", abandoned_delivery(f"m-{webhook}", message), at=None
        )
    card = text_of(
        parsed(app.browser.get("/webhooks/chat").text), '.card[aria-label="Abandoned deliveries"]'
    )
    assert "it was closed" in card
    assert "not this one" not in card


def test_statuses_keep_their_order(app: FakeApp) -> None:
    answer = submit(app.browser, app.browser.get("/webhooks/chat"), do="review")
    assert answer.headers["location"].endswith("notice=unchanged")


# Limits


def test_settings_appear_once_a_type_is_chosen() -> None:
    app = FakeApp()
    form = app.browser.get("/limits/new")
    assert parsed(form.text).css_first('[name="settings.limit"]') is None
    chosen = submit(app.browser, form, {"type": "RateLimit", "name": "rate"}, do="refresh")
    page = parsed(chosen.text)
    assert page.css_first('[name="settings.limit"]') is not None
    assert page.css_first('[name="settings.maxConcurrentTasks"]') is None
    algorithm = page.css_first('[name="settings.algorithm"] option[selected]')
    assert algorithm is not None
    assert algorithm.attributes["value"] == "TokenBucket"
    burst = page.css_first('[data-shown-by="settings.algorithm"]')
    assert burst is not None
    assert "Only with" in burst.text()


def test_a_limit_shows_its_use(app: FakeApp) -> None:
    page = parsed(app.browser.get("/limits/lakehouse-cap").text)
    assert "lakehouse-cap" in text_of(page, ".limits")


def test_a_contradiction_of_two_fields_is_named_at_its_field() -> None:
    app = FakeApp()
    form = submit(app.browser, app.browser.get("/limits/new"), {"type": "RateLimit"}, do="refresh")
    values = {"name": "rate", "settings.limit": "5", "settings.windowSeconds": "60"}
    answer = submit(app.browser, form, {**values, "settings.burst": "9"}, do="review")
    assert "must not be more than limit" in text_of(parsed(answer.text), "#f-settings-burst-err")


# Rows and secrets


def test_rows_are_added_and_removed_without_scripts(app: FakeApp) -> None:
    form = app.browser.get("/webhooks/chat")
    more = submit(app.browser, form, do="add:events.tags")
    two = submit(
        app.browser,
        submit(app.browser, more, do="add:events.tags"),
        {"events.tags[2].name": "tier", "events.tags[2].value": "gold"},
        do="remove:events.tags[1]",
    )
    page = parsed(two.text)
    names = [each.attributes["value"] for each in page.css('[name^="events.tags"][name$=".name"]')]
    assert names == ["team", "tier"]


def test_a_row_of_no_list_is_refused(app: FakeApp) -> None:
    form = app.browser.get("/webhooks/chat")
    for action in ("add:url", "add:nowhere", "add:events.tags[0].name", "remove:url", "what:ever"):
        assert submit(app.browser, form, do=action).status_code == 400


def test_a_secret_reference_is_tested_where_it_stands(app: FakeApp) -> None:
    form = app.browser.get("/webhooks/chat")
    refused = parsed(submit(app.browser, form, do="secret:secret").text)
    assert "there is no HOOK" in text_of(refused, ".notice.error")
    app.vaults.values["local/HOOK"] = "the-secret-value"
    answer = submit(app.browser, form, do="secret:secret")
    assert "can be read" in text_of(parsed(answer.text), ".notice.success")
    assert "the-secret-value" not in answer.text


@pytest.mark.parametrize("reference", ["", "plain", "vault://nowhere/x"])
def test_a_wrong_reference_is_a_result_beside_the_field(app: FakeApp, reference: str) -> None:
    form = app.browser.get("/webhooks/chat")
    answer = submit(app.browser, form, {"secret": reference}, do="secret:secret")
    assert answer.status_code == 200
    assert parsed(answer.text).css_first(".notice.error") is not None


# Many names


def test_with_many_names_a_reference_is_typed_with_suggestions() -> None:
    names = [f"profile-{number:03}" for number in range(201)]
    profile = {"type": "Concurrency", "settings": {"maxConcurrentTasks": 1}}
    app = FakeApp(
        *[read_definition(Kind.CONTENTION_PROFILE, {"name": name, **profile}) for name in names]
    )
    form = app.browser.get("/platforms/new")
    page = parsed(submit(app.browser, form, do="add:contentionProfiles").text)
    control = page.css_first('[name="contentionProfiles[0]"]')
    assert control is not None
    assert control.tag == "input"
    assert control.attributes["data-suggest"] == "Contention profile"
    assert page.css_first(f"#{control.attributes['list']}") is not None


def test_with_few_names_a_reference_is_chosen(app: FakeApp) -> None:
    page = parsed(app.browser.get("/platforms/lakehouse").text)
    options = page.css('select[name="contentionProfiles[0]"] option')
    assert "lakehouse-cap" in [each.attributes["value"] for each in options]
