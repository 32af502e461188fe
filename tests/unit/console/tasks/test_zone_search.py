"""Tests the page and the suggestions of time zones."""

from __future__ import annotations

from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, text_of
from tests.unit.console.tasks.pages import a_task, an_app


def test_a_place_is_found_without_scripts() -> None:
    page = parsed(FakeApp().browser.get("/zones", params={"q": "japan"}).text)
    assert text_of(page, "tbody th") == "Asia/Tokyo"
    assert "UTC+09:00" in text_of(page, "tbody tr")
    nothing = parsed(FakeApp().browser.get("/zones", params={"q": "zq<b>"}).text)
    assert "No time zone has a place with “zq<b>”." in text_of(nothing, ".empty")
    assert "Type a city" in text_of(parsed(FakeApp().browser.get("/zones").text), ".empty")


def test_a_field_is_offered_names_and_places() -> None:
    found = FakeApp().browser.get("/part/zones", params={"q": "germany"}).json()
    assert found[0] == {
        "kind": "Time zone",
        "text": "Europe/Berlin",
        "label": "Berlin, Germany, Denmark, Norway and 2 more, most of Germany",
    }
    names = [each["text"] for each in FakeApp().browser.get("/part/zones?q=europe/b").json()]
    assert "Europe/Brussels" in names
    assert FakeApp().browser.get("/part/zones").json() == []


def test_the_fields_of_a_task_lead_to_the_search() -> None:
    schedule = {"name": "daily", "cron": "@daily", "timeZone": "Europe/Paris"}
    app = an_app(a_task(schedules=[schedule]))
    page = parsed(app.browser.get("/tasks/orders").text)
    link = page.css_first('#panel-scheduling a[href^="/console/zones"]')
    assert link is not None
    assert link.attributes["href"] == "/console/zones?q=Europe%2FParis"
    control = page.css_first('input[name="schedules[0].timeZone"]')
    assert control is not None
    assert control.attributes["data-source"] == "/console/part/zones"
    assert page.css_first(f"datalist#{control.attributes['list']}") is not None
