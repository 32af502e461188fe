"""Jumping to a section, a definition or a run, from the dialog and its page."""

from __future__ import annotations

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job, a_platform
from tests.unit.api.security.protected_app import principal_header


@pytest.fixture(scope="module")
def app() -> FakeApp:
    return FakeApp(
        Task(name="orders", job="sales-load"), Task(name="orders-daily", job="sales-load")
    )


def answer(app: FakeApp, text: str) -> list[dict[str, Any]]:
    return app.browser.get("/part/jump", params={"q": text}).json()


def test_a_part_of_a_name_finds_the_task(app: FakeApp) -> None:
    expected = {"text": "orders", "url": "/console/tasks/orders", "kind": "Task"}
    assert answer(app, "orders")[0] == expected


def test_a_part_of_a_label_finds_the_section(app: FakeApp) -> None:
    assert answer(app, "upc") == [{"text": "Upcoming", "url": "/console/upcoming", "kind": "Page"}]


def test_an_empty_text_lists_the_sections(app: FakeApp) -> None:
    assert {each["kind"] for each in answer(app, " ")} == {"Page"}


@pytest.mark.parametrize("text", ["zzz", "<script>", "%00", "r0000", "12345678", "run"])
def test_a_text_without_a_match_finds_nothing_else(app: FakeApp, text: str) -> None:
    assert all(each["kind"] == "Page" for each in answer(app, text))


def test_a_complete_run_id_leads_to_the_run(app: FakeApp) -> None:
    run_id = "r" + "a" * 25
    expected = {"text": run_id, "url": f"/console/runs/{run_id}", "kind": "Run"}
    assert answer(app, run_id.upper()) == [expected]


def test_the_beginning_of_a_run_id_leads_to_the_runs_with_it() -> None:
    app = FakeApp(a_platform(), a_job(), Task(name="orders", job="sales-load"))
    started = app.http.post("/tasks/orders/run").json()["runId"]
    kinds = [(each["kind"], each["text"]) for each in answer(app, started[:6])]
    assert kinds == [("Run", started)]


def test_the_page_shows_the_same_without_scripts(app: FakeApp) -> None:
    tree = LexborHTMLParser(app.browser.get("/jump?q=orders").text)
    links = [link.attributes["href"] for link in tree.css(".found a")]
    assert links == [each["url"] for each in answer(app, "orders")]
    assert "no run id begins" in app.browser.get("/jump?q=zzz").text


def test_sections_above_the_role_are_not_found() -> None:
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    browser = FakeApp(settings=settings).browser
    for role, expected in ((Role.READER, []), (Role.ADMINISTRATOR, ["Audit"])):
        headers = principal_header(role, preferred_username="maria")
        found = browser.get("/part/jump?q=audit", headers=headers).json()
        assert [each["text"] for each in found] == expected
