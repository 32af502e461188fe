"""Tests of the page about the gate of a Task."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_run, run_id
from tests.unit.console.tasks.pages import a_task, an_app, check_page, opened, texts


@pytest.fixture
def app() -> FakeApp:
    return an_app(
        a_task("orders"),
        a_task("stock"),
        a_task(
            "report",
            dependencies=(
                Dependency(task="orders"),
                Dependency(task="stock", condition=Condition.ON_FAILURE),
            ),
        ),
    )


def test_an_empty_gate_awaits_every_upstream(app: FakeApp):
    tree = opened(app.browser, "/tasks/report/gate")

    check_page(tree)
    assert "The gate is empty" in texts(tree, "main p")[0]
    assert texts(tree, "tbody tr") == ["orders if it succeeded 0", "stock if it failed 0"]
    assert texts(tree, ".tabs [aria-current]") == ["Gate"]


def test_held_outcomes_name_their_runs_and_what_is_awaited(app: FakeApp):
    run = a_run(task="orders", status=RunStatus.SUCCEEDED, finished_at=app.clock())
    app.services.gates.deliver("report", run)

    tree = opened(app.browser, "/tasks/report/gate")

    check_page(tree)
    assert texts(tree, "tbody tr")[0] == "orders if it succeeded 1"
    link = tree.css_first(f'main a[href="/console/runs/{run_id()}"]')
    assert " ".join(link.text(separator=" ").split()) == "Succeeded"
    assert "task 'stock'" in texts(tree, ".card p")[0]


def test_a_task_without_dependencies_has_no_gate(app: FakeApp):
    tree = opened(app.browser, "/tasks/orders/gate")

    assert "waits for no other task" in texts(tree, ".empty")[0]


def test_an_unknown_task_is_not_found(app: FakeApp):
    assert app.browser.get("/tasks/nothing/gate").status_code == 404
