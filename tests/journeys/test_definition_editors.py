"""The editors of platforms, limits, calendars and webhooks, with and without scripts."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def test_a_row_is_added_in_place_and_typed_text_stays(visitor: Visitor, example: Example) -> None:
    visitor.open("webhooks/on-call?tab=events")
    visitor.page.evaluate("window.kept = true")
    visitor.click("Add to tags")
    visitor.page.get_by_label("Tags, name 1", exact=True).fill("team")
    visitor.click("Add to tags")
    expect(visitor.page.get_by_label("Tags, name 1", exact=True)).to_have_value("team")
    expect(visitor.page.get_by_label("Tags, name 2", exact=True)).to_be_visible()
    visitor.click("Remove Tags 2")
    expect(visitor.page.get_by_label("Tags, name 2", exact=True)).to_have_count(0)
    assert visitor.page.evaluate("window.kept"), "the page was loaded anew"


def test_a_chosen_type_brings_its_fields_and_hides_what_does_not_apply(visitor: Visitor) -> None:
    visitor.open("platforms/new")
    visitor.page.get_by_label("Type").select_option("AzureDatabricks")
    visitor.page.get_by_role("tab", name="Connection").click()
    expect(visitor.page.get_by_label("Workspace URL")).to_be_visible()
    expect(visitor.page.get_by_label("Cluster version")).to_be_visible()
    visitor.page.get_by_label("Compute type").select_option("Serverless")
    expect(visitor.page.get_by_label("Cluster version")).to_be_hidden()
    visitor.page.get_by_label("Signs in by").select_option("PersonalAccessToken")
    expect(visitor.page.get_by_label("Personal access token")).to_be_visible()
    expect(visitor.page.get_by_label("Client id")).to_be_hidden()
    visitor.require_accessible()


def test_a_hidden_field_is_not_sent(visitor: Visitor, system: LocalSystem) -> None:
    visitor.open("limits/new")
    visitor.fill("Name", "calm")
    visitor.page.get_by_label("Type").select_option("RateLimit")
    visitor.page.get_by_role("tab", name="Settings").click()
    visitor.fill("Limit", "5")
    visitor.page.get_by_label(re.compile("^Window")).fill("60")
    visitor.fill("Burst", "2")
    visitor.page.get_by_label("Algorithm").select_option("LeakyBucket")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")
    assert system.host.get("/contention-profiles/calm")["settings"].get("burst") is None


def test_a_day_is_clicked_in_the_year(visitor: Visitor, system: LocalSystem) -> None:
    system.apply("calendars: [{name: clicked, dates: ['2026-12-25']}]")
    visitor.open("calendars/clicked?tab=days&year=2026")
    visitor.page.get_by_label("2026-12-24").check()
    visitor.click("2027")
    visitor.page.get_by_label("2027-01-01").check()
    visitor.click("Review and save")
    visitor.click("Save 2 changes")
    visitor.sees("Saved.")
    assert system.host.get("/calendars/clicked")["dates"] == [
        "2026-12-25",
        "2026-12-24",
        "2027-01-01",
    ]


def test_get_pipelines_imports_a_job(visitor: Visitor, example: Example) -> None:
    visitor.open("platforms/lakehouse")
    visitor.click("Artefacts")
    visitor.click("Get Pipelines")
    boxes = visitor.page.locator("input[name=externalId]")
    expect(boxes.first).to_be_visible()
    visitor.page.get_by_label("Choose all of this page").check()
    visitor.click("Plan the import of the chosen")
    visitor.sees("Planned:")
    visitor.require_accessible()
    visitor.click("Import")
    visitor.sees("The import is complete")
    visitor.require_accessible()


def test_a_platform_is_made_without_scripts(
    without_scripts: Visitor, system: LocalSystem, example: Example
) -> None:
    visitor = without_scripts
    visitor.open("platforms/new")
    visitor.fill("Name", "by-hand")
    visitor.page.get_by_label("Type").select_option("GoogleCloudFunctions")
    visitor.click("Use this type")
    visitor.page.get_by_label("Signs in by").select_option("ApplicationDefault")
    visitor.page.get_by_label("Project id").fill("my-project")
    visitor.page.get_by_label("Region").fill("europe-west1")
    visitor.click("Add to contention profiles")
    visitor.page.get_by_label("Contention profiles 1", exact=True).select_option("two-at-once")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")
    assert system.host.get("/platforms/by-hand")["contentionProfiles"] == ["two-at-once"]
