"""The list of runs: live rows, filters in the address, keys, and actions on many runs."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.faults.local_system import LocalSystem, has_ended
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def row(visitor: Visitor, run_id: str) -> Locator:
    return visitor.page.locator(f"tr#{run_id}")


def test_rows_change_live_and_the_filter_keeps_its_focus(
    visitor: Visitor, system: LocalSystem, example: Example
) -> None:
    run_id = system.run(6, "nightly")
    visitor.open("runs")
    field = visitor.page.locator("main input[name=task]")
    field.focus()
    expect(row(visitor, run_id)).to_contain_text("Running")
    expect(row(visitor, run_id)).to_contain_text("Succeeded", timeout=15_000)
    expect(visitor.page.locator("tr").filter(has_text="after-nightly").first).to_be_visible()
    expect(field).to_be_focused()


def test_a_filter_is_part_of_the_address(visitor: Visitor, example: Example) -> None:
    visitor.open("runs")
    visitor.page.locator("main input[name=task]").fill("fails")
    expect(visitor.page).to_have_url(re.compile(r"task=fails"))
    expect(row(visitor, example.succeeded)).to_have_count(0)
    expect(row(visitor, example.failed)).to_have_count(1)
    visitor.page.reload()
    expect(row(visitor, example.succeeded)).to_have_count(0)
    visitor.page.get_by_role("link", name="Failed", exact=True).click()
    expect(visitor.page).to_have_url(re.compile(r"status=Failed"))
    expect(row(visitor, example.failed)).to_contain_text("Artefact")


def test_rows_are_walked_and_chosen_by_keyboard(visitor: Visitor, example: Example) -> None:
    visitor.open("runs?task=fails")
    visitor.page.keyboard.press("j")
    expect(visitor.page.locator("tr.at")).to_have_count(1)
    visitor.page.keyboard.press("x")
    expect(visitor.page.locator("[data-chosen]")).to_have_text("1")
    expect(visitor.page.get_by_role("button", name="Rerun", exact=True)).to_be_enabled()
    visitor.page.keyboard.press("x")
    expect(visitor.page.get_by_role("button", name="Rerun", exact=True)).to_be_disabled()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#state-card .status")).to_be_visible()
    visitor.page.go_back()
    visitor.page.keyboard.press("j")
    visitor.page.keyboard.press("w")
    expect(visitor.page).to_have_url(re.compile("#state-card$"))


def test_many_failed_runs_are_rerun_at_once(visitor: Visitor, system: LocalSystem) -> None:
    system.apply(
        "tasks: [{name: fails-often, job: flaky, "
        "parameters: {failures: 2, key: fails-often, seconds: 0}}]"
    )
    ids = [system.host.post("/tasks/fails-often/run", {})["runId"] for _ in range(2)]
    system.wait_for(ids, has_ended)
    visitor.open("runs?task=fails-often&status=Failed")
    visitor.page.get_by_label("Choose all runs").check()
    expect(visitor.page.locator("[data-chosen]")).to_have_text("2")
    visitor.page.get_by_role("button", name="Rerun", exact=True).click()
    expect(visitor.page.get_by_role("status").first).to_contain_text("2")
    assert "task=fails-often" in visitor.path
    runs = system.host.get("/task-runs?task=fails-often")["items"]
    assert {run["rerunOf"] for run in runs if run["rerunOf"]} == set(ids)


def test_failures_are_grouped_by_their_cause(visitor: Visitor, example: Example) -> None:
    visitor.open("runs")
    visitor.click("Failures in groups")
    visitor.sees("fails")
    visitor.require_accessible()


def test_runs_are_read_and_rerun_without_scripts(
    without_scripts: Visitor, system: LocalSystem, example: Example
) -> None:
    visitor = without_scripts
    visitor.open("runs?task=fails")
    row(visitor, example.failed).get_by_role("checkbox").check()
    visitor.page.get_by_role("button", name="Rerun", exact=True).click()
    visitor.page.wait_for_url(re.compile("task=fails"))
    runs = system.host.get("/task-runs?task=fails")["items"]
    assert example.failed in {run["rerunOf"] for run in runs}
