"""Tests of the list of Tasks and of its bulk actions."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.unit.console.tasks.pages import (
    a_task,
    an_app,
    check_page,
    opened,
    send,
    signed_in,
    texts,
    tree_of,
)

NIGHT = Schedule(name="night", cron="30 2 * * *")


@pytest.fixture
def app() -> FakeApp:
    return an_app(
        a_platform(name="warehouse"),
        a_job(name="load", platform="warehouse"),
        a_task("orders", schedules=(NIGHT,), tags={"team": "sales"}, display_name="All orders"),
        a_task("stock", dependencies=(Dependency(task="orders"),)),
        a_task("rates", enabled=False, schedules=(NIGHT,)),
    )


def rows(app: FakeApp, query: str = "") -> list[str]:
    tree = opened(app.browser, f"/tasks{query}")
    check_page(tree)
    return texts(tree, ".rows .name")


class TestRows:
    def test_each_task_has_its_job_platform_run_fire_time_and_tags(self, app: FakeApp):
        app.http.post("/tasks/orders/run", json={})

        tree = opened(app.browser, "/tasks")

        first, second, third = texts(tree, ".rows tr")
        assert first.startswith("orders All orders sales-load lakehouse Queued")
        assert first.endswith("Enabled team=sales")
        assert tree.css_first(".rows tr time[datetime='2026-03-21T02:30:00.000Z']") is not None
        assert "rates" in second
        assert "the task is disabled Disabled" in second
        assert "Never ran" in third
        assert "starts after 1 task" in third

    def test_a_paused_task_names_the_reason(self, app: FakeApp):
        app.services.schedules.pause("orders", schedule=None, reason="<b>Moving", by="ann")

        tree = opened(app.browser, "/tasks")

        assert "Paused night: <b>Moving" in texts(tree, ".rows tr")[0]
        assert not tree.css(".rows b")

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?q=ORD", ["orders"]),
            ("?q=all+orders", ["orders"]),
            ("?q=sales-load", ["orders", "rates", "stock"]),
            ("?tag=team", ["orders"]),
            ("?tag=team%3Dsales", ["orders"]),
            ("?tag=team%3Dother", []),
            ("?platform=lakehouse", ["orders", "rates", "stock"]),
            ("?platform=warehouse", []),
            ("?state=disabled", ["rates"]),
            ("?state=enabled&q=s", ["orders", "stock"]),
            ("?state=paused", []),
        ],
    )
    def test_the_filter_is_in_the_address(self, app: FakeApp, query: str, names: list[str]):
        assert rows(app, query) == names

    def test_an_empty_result_offers_to_clear_the_filter(self, app: FakeApp):
        tree = opened(app.browser, "/tasks?q=nothing")

        assert texts(tree, ".empty .button") == ["Clear the filter"]

    def test_without_tasks_the_next_step_is_named(self):
        tree = opened(an_app().browser, "/tasks")

        assert texts(tree, ".empty .button") == ["New task"]
        assert "polysync apply" in texts(tree, ".empty .command")[0]

    @pytest.mark.parametrize("query", ["", "q=task"])
    def test_pages_of_fifty_follow_each_other(self, query: str):
        app = an_app(*(a_task(f"task-{number:03}") for number in range(120)))
        found: list[str] = []
        path = f"/tasks?{query}"
        while path:
            tree = opened(app.browser, path)
            found += texts(tree, ".rows .name")
            link = tree.css_first(".pages a")
            path = (link.attributes["href"] or "").removeprefix("/console") if link else ""

        assert found == [f"task-{number:03}" for number in range(120)]


class TestBulk:
    def test_chosen_tasks_are_paused_and_resumed(self, app: FakeApp):
        chosen = [("name", "orders"), ("name", "rates")]

        answer = send(app.browser, "/tasks/-/pause", [*chosen, ("reason", "Moving"), ("~q", "s")])

        assert answer.status_code == 303
        assert answer.headers["location"] == "/console/tasks?q=s&notice=paused"
        (status,) = app.services.schedules.statuses("orders")
        assert status.paused is not None
        assert (status.paused.reason, status.paused.by) == ("Moving", "api")
        assert rows(app, "?state=paused") == ["orders"]
        assert send(app.browser, "/tasks/-/resume", chosen).status_code == 303
        assert app.services.schedules.statuses("orders")[0].paused is None

    def test_chosen_tasks_are_disabled_and_enabled(self, app: FakeApp):
        send(app.browser, "/tasks/-/disable", [("name", "orders"), ("name", "stock")])
        assert rows(app, "?state=disabled") == ["orders", "rates", "stock"]

        answer = send(app.browser, "/tasks/-/enable", [("name", "orders")])
        assert answer.headers["location"] == "/console/tasks?notice=enabled"
        assert rows(app, "?state=enabled") == ["orders"]

    def test_a_refused_task_is_named_beside_the_others(self, app: FakeApp):
        chosen = [("name", "orders"), ("name", "stock"), ("name", "nothing")]

        answer = send(app.browser, "/tasks/-/pause", [*chosen, ("reason", "Moving")])

        assert answer.status_code == 409
        assert texts(tree_of(answer), "tbody tr") == [
            "orders Done",
            "stock Task 'stock' has no schedule.",
            "nothing There is no task 'nothing'.",
        ]

    def test_a_pause_needs_a_reason(self, app: FakeApp):
        answer = send(app.browser, "/tasks/-/pause", [("name", "orders"), ("reason", " ")])

        assert answer.status_code == 422
        assert "say why the schedules pause" in answer.text

    @pytest.mark.parametrize("reason", ["x" * 1001, "a\u202eb"])
    def test_a_wrong_reason_is_refused(self, app: FakeApp, reason: str):
        answer = send(app.browser, "/tasks/-/pause", [("name", "orders"), ("reason", reason)])

        assert answer.status_code == 422

    def test_nothing_chosen_changes_nothing(self, app: FakeApp):
        answer = send(app.browser, "/tasks/-/disable", [])

        assert answer.headers["location"] == "/console/tasks?notice=none-chosen"

    def test_one_schedule_is_paused_on_its_own(self, app: FakeApp):
        fields = [("schedule", "night"), ("reason", "Moving")]
        answer = send(app.browser, "/tasks/orders/pause", fields)

        address = "/console/tasks/orders?tab=scheduling&notice=paused"
        assert answer.headers["location"] == address
        assert send(app.browser, "/tasks/orders/resume", fields[:1]).status_code == 303
        assert send(app.browser, "/tasks/orders/resume", [("schedule", "no")]).status_code == 404


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "buttons", "has_new"),
        [
            (Role.READER, [], False),
            (Role.OPERATOR, ["Pause", "Resume"], False),
            (Role.ADMINISTRATOR, ["Pause", "Resume", "Enable", "Disable"], True),
        ],
    )
    def test_only_permitted_actions_are_shown(self, role: Role, buttons: list[str], has_new: bool):
        app, headers = signed_in(role, a_task("orders"))

        tree = opened(app.browser, "/tasks", headers=headers)

        assert texts(tree, ".bulk button") == buttons
        assert bool(tree.css(".top .actions a")) == has_new
        assert bool(tree.css(".rows input")) == bool(buttons)

    @pytest.mark.parametrize("action", ["enable", "disable"])
    def test_an_operator_may_not_edit(self, action: str):
        app, headers = signed_in(Role.OPERATOR, a_task("orders"))

        answer = send(app.browser, f"/tasks/-/{action}", [("name", "orders")], headers=headers)

        assert answer.status_code == 403
