"""Tests the pages of definitions whose names are words of the addresses."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.unit.console.browser import parsed, submit, text_of
from tests.unit.console.editing.pages import CHAT, signed_in

WORDS = ("new", "import", "export", "delete", "run", "runs", "test", "part", "live", "static")
DOCUMENTS: dict[tuple[Kind, str], dict[str, Any]] = {
    (Kind.CALENDAR, "calendars"): {"dates": ["2026-12-25"]},
    (Kind.CONTENTION_PROFILE, "limits"): {
        "type": "Concurrency",
        "settings": {"maxConcurrentTasks": 1},
    },
    (Kind.VAULT, "vaults"): {"provider": "Environment"},
    (Kind.WEBHOOK, "webhooks"): CHAT,
    (Kind.RECEIVER, "receivers"): {"type": "Slack", "url": "vault://local/SLACK"},
}


def named(kind: Kind, document: dict[str, Any], name: str) -> Definition:
    return read_definition(kind, document | {"name": name})


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "section"), DOCUMENTS)
def test_a_definition_with_a_reserved_name_has_its_page(kind: Kind, section: str) -> None:
    app = FakeApp(*(named(kind, DOCUMENTS[kind, section], word) for word in WORDS))

    for word in WORDS:
        page = parsed(app.browser.get(f"/{section}/{word}").text)
        assert text_of(page, "h1") == word
        form = page.css_first("form#editor")
        assert form is not None
        assert form.attributes["action"] == f"/console/{section}/{word}"


def test_a_task_a_job_and_a_platform_named_new_are_edited_and_deleted() -> None:
    attributes = {
        "workspaceUrl": "https://adb-1.1.azuredatabricks.net",
        "computeType": "Serverless",
    }
    app = FakeApp(
        a_platform(name="new", attributes=attributes),
        a_job(name="new", platform="new"),
        Task(name="new", job="new"),
    )

    for section in ("tasks", "jobs", "platforms"):
        page = app.browser.get(f"/{section}/new")
        plan = submit(app.browser, page, {"description": "its own page"}, do="review")
        saved = submit(app.browser, plan, do="save")
        assert saved.headers["location"].startswith(f"/console/{section}/new?")
        stored = app.http.get(f"/{section}/new").json()
        assert stored["description"] == "its own page"
    assert "Delete new?" in app.browser.get("/tasks/new/delete").text


def test_further_definitions_are_made_while_one_is_named_new() -> None:
    app = FakeApp(named(Kind.VAULT, {"provider": "Environment"}, "new"))

    link = parsed(app.browser.get("/vaults").text).css_first(".button.primary")
    assert link is not None
    assert link.attributes["href"] == "/console/vaults/-/new"
    form = app.browser.get("/vaults/-/new")
    plan = submit(app.browser, form, {"name": "other", "provider": "Environment"}, do="review")
    assert submit(app.browser, plan, do="save").headers["location"].startswith("/console/vaults/o")


def test_the_word_new_opens_the_form_until_a_definition_has_this_name() -> None:
    app = FakeApp()

    form = app.browser.get("/vaults/new")
    assert text_of(parsed(form.text), "h1") == "New vault"
    plan = app.browser.post("/vaults/new", data={"name": "a", "provider": "Environment"})
    assert submit(app.browser, plan, do="save").status_code == 303
    assert app.http.get("/vaults/a").status_code == 200


def test_a_reader_may_not_open_the_form_of_a_new_definition_by_its_word() -> None:
    assert signed_in(Role.READER).get("/vaults/new").status_code == 403
    new = named(Kind.VAULT, {"provider": "Environment"}, "new")
    assert signed_in(Role.READER, new).get("/vaults/new").status_code == 200
