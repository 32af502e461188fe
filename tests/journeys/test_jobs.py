"""A Job: from an artefact of the platform to a run, its Task, and its parameters in line."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor

_NAP = "platform: lakehouse, jobType: DatabricksNotebook, externalId: /bench/nap"


def test_an_artefact_becomes_a_job_and_a_task(visitor: Visitor, system: LocalSystem) -> None:
    visitor.open("jobs/new")
    visitor.page.get_by_label("Platform").first.select_option("lakehouse")
    visitor.page.get_by_label("Part of the artefact's name").fill("nap")
    visitor.click("Search")
    visitor.click("Choose /bench/nap")
    visitor.sees("Filled from")
    visitor.require_accessible()
    visitor.fill("Name", "picked-nap")
    visitor.click("Review and save")
    visitor.sees("jobType: DatabricksJob")
    visitor.click("Create")
    visitor.sees_title("picked-nap")
    visitor.click("Create Task")
    visitor.fill("Name of the new Task", "picked-task")
    visitor.click("Create Task")
    visitor.sees_title("picked-task")
    assert system.host.get("/tasks/picked-task")["job"] == "picked-nap"


def test_a_run_is_started_and_watched_until_it_ends(visitor: Visitor, system: LocalSystem) -> None:
    parameters = "parameters: [{name: seconds, dataType: Float, required: true}]"
    system.apply(f"jobs: [{{name: watched, {_NAP}, {parameters}}}]")
    visitor.open("jobs/watched")
    visitor.click("Execute now")
    visitor.page.get_by_label("Value of seconds").fill("6")
    visitor.page.get_by_role("button", name="Run", exact=True).click()
    status = visitor.page.locator("#job-run .status").first
    expect(status).to_have_text("Running")

    visitor.page.get_by_role("button", name="Close").click()
    button = visitor.page.locator("#execute a")
    expect(button).to_have_text("Running")
    button.click()
    expect(status).to_have_text("Succeeded", timeout=20_000)
    visitor.sees("Open on lakehouse")
    visitor.click("Run again with these values")
    expect(visitor.page.get_by_label("Value of seconds")).to_have_value("6.0")


def test_the_button_of_the_editor_returns_when_the_run_ends(
    visitor: Visitor, system: LocalSystem
) -> None:
    system.apply(f"jobs: [{{name: short, {_NAP}}}]")
    system.host.post("/jobs/short/run", {"params": {}})
    visitor.open("jobs/short")
    expect(visitor.page.locator("#execute")).to_have_text("Execute now", timeout=20_000)


def test_the_difference_to_the_artefact_is_taken_in_part(
    visitor: Visitor, system: LocalSystem
) -> None:
    parameters = "parameters: [{name: old}, {name: older}]"
    system.apply(f"jobs: [{{name: drifted, {_NAP}, {parameters}}}]")
    visitor.open("jobs?q=drifted")
    visitor.sees("Not compared")
    visitor.click("Compare with artefacts")
    visitor.sees("Differs")
    visitor.open("jobs/drifted?tab=parameters")
    visitor.click("Sync parameters")
    visitor.page.get_by_label("older").check()
    visitor.click("Take the chosen")
    visitor.sees("gone from the artefact")
    names = [each["name"] for each in system.host.get("/jobs/drifted")["parameters"]]
    assert "older" not in names
    assert "old" in names


def test_a_job_is_made_without_scripts(without_scripts: Visitor, system: LocalSystem) -> None:
    without_scripts.open("jobs/new?platform=lakehouse")
    without_scripts.page.get_by_label("Part of the artefact's name").fill("nap")
    without_scripts.click("Search")
    without_scripts.click("Choose /bench/nap")
    without_scripts.fill("Name", "plain-nap")
    without_scripts.click("Review and save")
    without_scripts.click("Create")
    without_scripts.sees_title("plain-nap")
    assert system.host.get("/jobs/plain-nap")["jobType"] == "DatabricksJob"
