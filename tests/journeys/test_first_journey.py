"""The way of a new user: from an empty store to a repaired run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.faults.local_system import TOKEN, DatabricksSimulator
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import ROOT, HostProcess
from tests.journeys.browser.visitor import Visitor


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[DatabricksSimulator]:
    started = DatabricksSimulator(tmp_path / "workspace")
    yield started
    started.close()


@pytest.fixture
def newcomer(
    workspace: DatabricksSimulator, tmp_path: Path, context: BrowserContext
) -> Iterator[Visitor]:
    """A person at the console of an empty store."""
    os.environ["DATABRICKS_TOKEN"] = TOKEN
    host = HostProcess(tmp_path / "data", app=ROOT, kind=HostKind.EMBEDDED).ready()
    visitor = Visitor(context, f"http://127.0.0.1:{host.port}")
    yield visitor
    visitor.require_no_offences()
    host.close()


def connect_a_platform(visitor: Visitor, workspace: DatabricksSimulator) -> None:
    visitor.open("vaults/new")
    visitor.fill("Name", "local")
    visitor.field("Provider").select_option("Environment")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")
    visitor.open("platforms/new")
    visitor.fill("Name", "lakehouse")
    with visitor.page.expect_navigation():
        visitor.field("Type").select_option(label="Azure Databricks")
    visitor.page.get_by_role("tab", name="Connection").click()
    visitor.field("Signs in by").select_option(label="Personal access token")
    visitor.fill("Personal access token", "vault://local/DATABRICKS_TOKEN")
    visitor.fill("Workspace URL", workspace.url)
    visitor.field("Compute type").select_option("Serverless")
    visitor.fill("Default notebook path", "/bench")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")


def import_the_notebooks(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="Artefacts").click()
    visitor.click("Get Pipelines")
    visitor.page.get_by_label("Choose all of this page").check()
    visitor.click("Plan the import of the chosen")
    visitor.sees("Planned: 2 created.")
    visitor.click("Import")
    visitor.sees("The import is complete: 2 created.")


def declare_an_output(visitor: Visitor) -> None:
    visitor.open("jobs/nap?tab=parameters")
    visitor.click("Add to parameters")
    named(visitor, "parameters[1].name").fill("slept")
    named(visitor, "parameters[1].dataType").select_option("Float")
    named(visitor, "parameters[1].direction").select_option("Output")
    visitor.page.locator("#tab-settings").click()
    visitor.field("Outputs from exit value").select_option(label="Yes")
    save(visitor)


def create_a_task(visitor: Visitor, job: str, name: str) -> None:
    visitor.open(f"jobs/{job}")
    visitor.click("Create Task")
    visitor.fill("Name of the new Task", name)
    visitor.page.locator("main").get_by_role("button", name="Create Task").click()
    visitor.sees_title(name)


def shorten_its_runs(visitor: Visitor) -> None:
    visitor.page.locator("#tab-settings").click()
    visitor.fill("Value of seconds", "0.2")
    save(visitor)


def run_once(visitor: Visitor, name: str, *, seconds: str = "") -> None:
    visitor.open(f"tasks/{name}")
    visitor.click("Run once")
    if seconds:
        visitor.fill("Value of seconds", seconds)
    visitor.page.locator("main").get_by_role("button", name="Run once").click()
    visitor.page.wait_for_url("**/console/runs/**")


def watch(visitor: Visitor, status: str) -> None:
    """Wait on the live page of a run until it has a status."""
    state = visitor.page.locator("#state-card .status")
    expect(state).to_have_text(status, timeout=20_000)


def give_a_schedule(visitor: Visitor, name: str) -> None:
    visitor.open(f"tasks/{name}?tab=scheduling")
    visitor.click("Add a schedule")
    named(visitor, "schedules[0].name").fill("nightly")
    named(visitor, "schedules[0].timeZone").fill("Europe/Berlin")
    named(visitor, "schedules[0].cron").fill("30 2 * * *")
    visitor.sees("Every day at 02:30")
    visitor.sees("02:30 does not exist")
    visitor.sees("02:30 occurs twice")
    save(visitor)
    visitor.open("upcoming")
    visitor.sees(name)


def depend_with_an_output(visitor: Visitor, upstream: str, name: str) -> None:
    visitor.open("tasks/new?job=nap")
    visitor.fill("Name", name)
    visitor.page.get_by_role("tab", name="Dependencies").click()
    visitor.click("Add an upstream task")
    with redrawn(visitor):
        named(visitor, "dependencies[0].task").select_option(upstream)
    visitor.click("Pass an output on")
    output = named(visitor, "dependencies[0].mappings[0].output")
    output.fill("slept")
    with redrawn(visitor):
        output.press("Tab")
    named(visitor, "dependencies[0].mappings[0].input").fill("seconds")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")


@contextmanager
def redrawn(visitor: Visitor) -> Iterator[None]:
    """Wait until the picture shows a change: the form is exchanged with it."""
    with visitor.page.expect_response(lambda answer: answer.request.method == "POST"):
        yield
    expect(visitor.page.locator(".htmx-request")).to_have_count(0)


def make_dependent(visitor: Visitor, upstream: str, name: str) -> None:
    create_a_task(visitor, "nap", name)
    shorten_its_runs(visitor)
    visitor.page.get_by_role("tab", name="Dependencies").click()
    visitor.click("Add an upstream task")
    named(visitor, "dependencies[0].task").select_option(upstream)
    save(visitor)


def watch_the_graph(visitor: Visitor, *tasks: str) -> None:
    visitor.open("graph")
    for task in tasks:
        box = visitor.page.locator(f'.graph-pane .world a[data-task="{task}"] .node')
        expect(box).to_contain_class("succeeded", timeout=20_000)


def limit_the_platform(visitor: Visitor) -> None:
    visitor.open("limits/new")
    visitor.fill("Name", "one-at-a-time")
    visitor.field("Type").select_option("Concurrency")
    visitor.page.locator("#tab-settings").click()
    visitor.fill("Concurrent runs", "1")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.open("platforms/lakehouse?tab=limits")
    visitor.click("Add to contention profiles")
    named(visitor, "contentionProfiles[0]").select_option("one-at-a-time")
    save(visitor)


def find_out_why_a_run_waits(visitor: Visitor, name: str) -> None:
    for _ in range(2):
        run_once(visitor, name, seconds="3")
    visitor.open("runs")
    visitor.sees("one-at-a-time")
    visitor.page.get_by_role("link", name="one-at-a-time").first.click()
    visitor.sees_title("one-at-a-time")


def repair(visitor: Visitor, failing: str, dependent: str) -> None:
    visitor.open("runs?status=Failed")
    expect(visitor.page.locator("main tbody tr").first).to_contain_text("Artefact")
    visitor.open("missed")
    visitor.sees(dependent)
    visitor.page.locator("main").get_by_role("button", name="Repair").first.click()
    watch_the_graph(visitor, failing, dependent)


def undo_an_edit(visitor: Visitor, name: str) -> None:
    visitor.open(f"tasks/{name}")
    visitor.page.get_by_role("tab", name="Runtime Settings").click()
    visitor.fill("Priority", "-5")
    save(visitor)
    visitor.page.get_by_role("link", name=re.compile("^Version [0-9]+$")).click()
    visitor.page.locator("tbody.rows th a").nth(1).click()
    visitor.sees("What a restore changes")
    visitor.click("Restore this version")
    visitor.sees("What will change")
    visitor.page.get_by_role("button", name=re.compile("^Save ")).click()
    visitor.sees("Saved.")


def save(visitor: Visitor) -> None:
    visitor.click("Review and save")
    visitor.sees("What will change")
    visitor.page.get_by_role("button", name=re.compile("^Save ")).click()
    visitor.sees("Saved.")


def named(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator(f"[name='{name}']")


def test_a_new_user_gets_from_an_empty_store_to_a_repaired_run(
    newcomer: Visitor, workspace: DatabricksSimulator
) -> None:
    connect_a_platform(newcomer, workspace)
    import_the_notebooks(newcomer)
    declare_an_output(newcomer)
    create_a_task(newcomer, "nap", "first")
    shorten_its_runs(newcomer)
    run_once(newcomer, "first")
    watch(newcomer, "Succeeded")
    give_a_schedule(newcomer, "first")
    depend_with_an_output(newcomer, "first", "second")
    run_once(newcomer, "first")
    watch_the_graph(newcomer, "first", "second")
    limit_the_platform(newcomer)
    find_out_why_a_run_waits(newcomer, "first")
    create_a_task(newcomer, "flaky", "breaks")
    make_dependent(newcomer, "breaks", "after-breaks")
    run_once(newcomer, "breaks")
    watch(newcomer, "Failed")
    repair(newcomer, "breaks", "after-breaks")
    undo_an_edit(newcomer, "first")
