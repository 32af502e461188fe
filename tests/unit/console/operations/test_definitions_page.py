"""Importing and exporting all definitions as one document."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.unit.api.security.protected_app import principal_header

DOCUMENT = """\
vaults:
  - name: local
    provider: Environment
platforms:
  - name: lake
    type: AzureDatabricks
    auth: {method: PersonalAccessToken, personalAccessToken: "vault://local/TOKEN"}
    attributes: {workspaceUrl: "https://adb-1.azuredatabricks.net", computeType: Serverless}
jobs:
  - {name: load, platform: lake, jobType: DatabricksNotebook, externalId: /etl/load}
tasks:
  - {name: nightly, job: load}
"""


class Page:
    """The page of definitions with the typed text."""

    def __init__(self, app: FakeApp) -> None:
        self.app = app

    def send(self, text: str, **fields: str) -> Any:
        return self.app.browser.post("/definitions", data={"document": text, **fields})

    def plan(self, text: str, **fields: str) -> LexborHTMLParser:
        answer = self.send(text, **fields)
        assert answer.status_code == 200, answer.text
        return LexborHTMLParser(answer.text)

    def apply(self, text: str, **fields: str) -> Any:
        tree = self.plan(text, **fields)
        form = tree.css_first("form:has([name=planToken])")
        inputs = {each.attributes["name"]: each.attributes["value"] for each in form.css("input")}
        return self.app.browser.post("/definitions", data=inputs)

    def names(self, kind: Kind) -> list[str]:
        stored = self.app.services.ports.definitions.all(kind)
        return sorted(each.definition.name for each in stored)


@pytest.fixture
def page() -> Page:
    return Page(FakeApp())


def test_a_plan_shows_what_would_change_and_changes_nothing(page: Page) -> None:
    tree = page.plan(DOCUMENT)
    assert [each.text() for each in tree.css("h3")] == ["Create 4"]
    assert "task 'nightly'" in tree.css_first(".plan").text()
    assert page.names(Kind.TASK) == []


def test_the_shown_plan_is_applied_and_the_page_says_so(page: Page) -> None:
    answer = page.apply(DOCUMENT)
    assert answer.status_code == 303
    assert page.names(Kind.TASK) == ["nightly"]
    shown = page.app.browser.get(answer.headers["location"].removeprefix("/console"))
    notice = LexborHTMLParser(shown.text).css_first(".notice").text()
    assert notice == "The document is applied."


def test_a_document_that_changes_nothing_offers_no_apply(page: Page) -> None:
    page.apply(DOCUMENT)
    tree = page.plan(DOCUMENT)
    assert "Nothing has to change." in tree.css_first("main").text()
    assert "4 unchanged" in tree.css_first("main").text()
    assert not tree.css("[name=planToken]")


def test_a_change_shows_each_field_before_and_after(page: Page) -> None:
    page.apply(DOCUMENT)
    text = DOCUMENT.replace("job: load}", "job: load, priority: 900, maxConcurrentRuns: 2}")
    rows = [row.text(separator=" ") for row in page.plan(text).css(".diff tr")]
    assert any("priority" in row and "before" in row for row in rows)
    assert any("after" in row and "900" in row for row in rows)


@pytest.mark.parametrize(("prune", "left"), [("true", []), ("", ["nightly"])])
def test_omitted_definitions_are_deleted_only_on_request(
    page: Page, prune: str, left: list[str]
) -> None:
    page.apply(DOCUMENT)
    without = DOCUMENT.replace("  - {name: nightly, job: load}", "  []")
    if prune:
        page.apply(without, prune=prune)
    else:
        assert "Nothing has to change" in page.plan(without).css_first("main").text()
    assert page.names(Kind.TASK) == left


def test_a_plan_that_is_outdated_is_shown_again_and_not_applied(page: Page) -> None:
    tree = page.plan(DOCUMENT)
    token = tree.css_first("[name=planToken]").attributes["value"] or ""
    page.apply(DOCUMENT.replace("- {name: nightly", "- {name: other"))
    answer = page.send(DOCUMENT, planToken=token)
    assert answer.status_code == 412
    shown = LexborHTMLParser(answer.text)
    assert "have changed since you saw the plan" in shown.css_first(".notice.warning").text()
    assert page.names(Kind.TASK) == ["other"]
    fresh = shown.css_first("[name=planToken]").attributes["value"]
    assert fresh != token


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (DOCUMENT.replace("job: load}", "job: lod}"), 12, "lod"),
        (DOCUMENT.replace("job: load}", "job: load, priorty: 1}"), 12, "priorty"),
        (DOCUMENT.replace("type: AzureDatabricks", "type: Azuredatabricks"), 6, "AzureDatabricks"),
    ],
)
def test_a_problem_names_its_line_and_column(
    page: Page, text: str, line: int, message: str
) -> None:
    answer = page.send(text)
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    problem = tree.css_first(".notice.error li")
    assert problem.css_first("a").attributes["data-line"] == str(line)
    assert f"Line {line}, column" in problem.text()
    assert message in problem.text()
    assert tree.css_first("textarea").text() == f"{text}"


@pytest.mark.parametrize(
    "text", ["a: b: c", "{", "tasks: [1", "", "- x", "\t- x", "tasks: {}", '{"tasks": 1}']
)
def test_an_unreadable_document_is_explained_and_kept(page: Page, text: str) -> None:
    answer = page.send(text)
    tree = LexborHTMLParser(answer.text)
    assert answer.status_code in {200, 422}
    assert tree.css_first("textarea").text() == text
    assert tree.css_first(".notice.error") is not None or "Nothing has to change" in answer.text


def test_text_of_the_document_is_escaped_everywhere(page: Page) -> None:
    text = DOCUMENT.replace("nightly", "</textarea><script>alert(1)</script>")
    answer = page.send(text)
    assert "<script>alert" not in answer.text


def test_json_is_read_too(page: Page) -> None:
    page.apply(json.dumps(yaml.safe_load(DOCUMENT)))
    assert page.names(Kind.TASK) == ["nightly"]


def test_the_export_can_be_applied_again_without_a_change(page: Page) -> None:
    page.apply(DOCUMENT)
    answer = page.app.browser.get("/definitions/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="definitions.yaml"'
    assert "Nothing has to change" in page.plan(answer.text).css_first("main").text()


def test_a_reader_exports_and_does_not_import() -> None:
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    browser = FakeApp(settings=settings).browser
    headers = principal_header(Role.READER, preferred_username="maria")
    tree = LexborHTMLParser(browser.get("/definitions", headers=headers).text)
    assert not tree.css("form[method=post] textarea")
    assert tree.css("a[href='/console/definitions/export']")
    answer = browser.post("/definitions", headers=headers, data={"document": DOCUMENT})
    assert answer.status_code == 403


def test_a_plan_is_no_change_in_the_audit(page: Page) -> None:
    page.plan(DOCUMENT)
    page.apply(DOCUMENT)
    entries = page.app.services.audit.page(None, limit=10).items
    assert sorted(str(entry.status) for entry in entries) == ["200", "200", "None"]
