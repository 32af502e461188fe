"""The editor of a Task: previews while typing, the picture of the graph, the plan and a run."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.faults.local_system import LocalSystem
from tests.journeys.browser.visitor import Visitor
from tests.journeys.example import Example


def test_a_cron_expression_is_explained_while_it_is_typed(
    visitor: Visitor, example: Example
) -> None:
    visitor.open("tasks/nightly?tab=scheduling")
    expression = visitor.page.locator("[name='schedules[0].cron']")
    zone = visitor.page.locator("[name='schedules[0].timeZone']")
    preview = visitor.page.locator("#preview-f-schedules-0")

    expression.fill("30 2 * * *")
    zone.fill("Europe/Berlin")
    expect(preview).to_contain_text("Every day at 02:30, Europe/Berlin")
    expect(preview).to_contain_text("02:30 does not exist; runs at 03:00")
    expect(preview).to_contain_text("02:30 occurs twice; runs at the first only")
    expression.fill("30 2 * *")
    expect(preview).to_contain_text("has 4 fields")
    expect(expression).to_be_focused()
    visitor.require_accessible()


def test_a_cycle_is_red_as_soon_as_it_is_chosen(visitor: Visitor, system: LocalSystem) -> None:
    _three_tasks(system, "red")
    visitor.open("tasks/red-first?tab=dependencies")
    visitor.click("Add an upstream task")
    visitor.page.get_by_label("Upstream task", exact=True).select_option("red-last")
    expect(visitor.page.locator(".graph-pane .edge.cycle")).to_have_count(3)
    expect(visitor.page.get_by_role("tab", name="Dependencies 1")).to_be_visible()
    visitor.require_accessible()


def test_a_slow_picture_does_not_undo_a_click(visitor: Visitor, system: LocalSystem) -> None:
    _three_tasks(system, "slow")
    visitor.open("tasks/slow-first?tab=dependencies")
    visitor.click("Add an upstream task")

    def delay(route: Route) -> None:
        if "refresh" in (route.request.post_data or ""):
            visitor.page.wait_for_timeout(700)
        route.continue_()

    visitor.page.route("**/console/tasks/slow-first*", delay)
    with visitor.page.expect_request(lambda sent: "refresh" in (sent.post_data or "")):
        visitor.page.get_by_label("Upstream task", exact=True).select_option("slow-last")
    visitor.click("Add an upstream task")
    expect(visitor.page.locator(".upstreams > li")).to_have_count(2)
    visitor.page.wait_for_timeout(1200)
    expect(visitor.page.locator(".upstreams > li")).to_have_count(2)
    visitor.page.unroute("**/console/tasks/slow-first*")


def test_the_picture_comes_with_its_tab(visitor: Visitor, system: LocalSystem) -> None:
    _three_tasks(system, "drawn")
    visitor.open("tasks/drawn-next")
    visitor.fill("Description", "typed before")
    visitor.page.get_by_role("tab", name="Dependencies 1").click()
    box = visitor.page.locator(".graph-pane [data-task='drawn-last']").first
    expect(box).to_be_visible()
    before = visitor.page.locator(".world").get_attribute("transform")
    visitor.click("Closer (+)")
    assert visitor.page.locator(".world").get_attribute("transform") != before
    expect(visitor.page.locator("[name=description]")).to_have_value("typed before")


def test_a_job_fills_the_settings_of_a_new_task(visitor: Visitor, system: LocalSystem) -> None:
    _three_tasks(system, "filled")
    visitor.open("tasks/new")
    visitor.fill("Name", "filled-new")
    visitor.page.locator("[name=job]").select_option("filled-job")
    expect(visitor.page.get_by_role("tab", name="Settings 1")).to_be_visible()
    visitor.page.get_by_role("tab", name="Settings 1").click()
    visitor.page.get_by_label("Value of day").fill("${run.scheduledTime:%Y}")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")
    stored = system.host.get("/tasks/filled-new")
    assert stored["parameters"] == {"day": "${run.scheduledTime:%Y}"}


def test_a_task_runs_once_with_a_value(visitor: Visitor, system: LocalSystem) -> None:
    _three_tasks(system, "once")
    visitor.open("tasks/once-first")
    visitor.click("Run once")
    visitor.sees("Tasks that start after it run too: 2.")
    visitor.require_accessible()
    visitor.page.get_by_label("Value of day").fill("monday")
    visitor.page.locator("#run").get_by_role("button", name="Run once").click()
    visitor.page.wait_for_url("**/runs/*")
    (run,) = system.host.get("/task-runs?task=once-first")["items"]
    assert run["parameters"] == {"day": "monday"}


def _three_tasks(system: LocalSystem, name: str) -> None:
    """Define three Tasks that start one after the other."""
    system.apply(
        f"""
        jobs:
          - name: {name}-job
            platform: lakehouse
            jobType: DatabricksNotebook
            externalId: /{name}
            parameters: [{{name: day}}]
        tasks:
          - {{name: {name}-first, job: {name}-job}}
          - {{name: {name}-next, job: {name}-job, dependencies: [{{task: {name}-first}}]}}
          - {{name: {name}-last, job: {name}-job, dependencies: [{{task: {name}-next}}]}}
        """
    )
