"""Tests the pages of platforms: the test of a connection, Get Pipelines and the import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.roles import Role
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, submit, text_of
from tests.unit.console.editing.pages import app_with, signed_in, stored

NOTEBOOK = "DatabricksNotebook"


class Workspace:
    """A platform with notebooks, which answers tests."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        self.failure: Exception | None = None
        self.schema = ArtefactSchema(parameters=(Parameter(name="day"),))

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        if self.failure is not None:
            raise self.failure
        for path in self.paths:
            if search is None or search in path:
                yield Artefact(external_id=path, job_type=NOTEBOOK, name=path.rpartition("/")[2])

    def job(self, job_type: str) -> Workspace:
        return self

    def describe(self, external_id: str) -> ArtefactSchema:
        return self.schema

    def test(self) -> str:
        if self.failure is not None:
            raise self.failure
        return "The workspace answers."


@pytest.fixture
def workspace() -> Workspace:
    return Workspace("/etl/sales-load", "/etl/new-load", "/etl/other")


@pytest.fixture
def app(workspace: Workspace) -> FakeApp:
    def connect(platform: Any, *, secrets: Any) -> Workspace:
        return workspace

    return app_with(open_connector=connect)


def test_the_draft_is_tested_before_it_is_saved(app: FakeApp) -> None:
    form = app.browser.get("/platforms/lakehouse")
    answer = submit(app.browser, form, {"description": "draft"}, do="test")
    page = parsed(answer.text)
    assert "The workspace answers." in text_of(page, ".notice.success")
    assert text_of(page, "#f-description") == "draft"
    assert stored(app, Kind.PLATFORM, "lakehouse").description is None


def test_a_failed_test_says_why(app: FakeApp, workspace: Workspace) -> None:
    workspace.failure = PlatformRefused("it refused the token", cause=FailureCause.SECRET)
    answer = submit(app.browser, app.browser.get("/platforms/lakehouse"), do="test")
    assert "it refused the token" in text_of(parsed(answer.text), ".notice.error")


def test_an_operator_tests_the_stored_platform() -> None:
    platform = Platform.model_validate(
        {
            "name": "factory",
            "type": "AzureDataFactory",
            "attributes": {
                "subscriptionId": "00000000-0000-0000-0000-000000000000",
                "resourceGroupName": "group",
                "factoryName": "factory",
            },
        }
    )
    operator = signed_in(Role.OPERATOR, platform)
    page = parsed(operator.get("/platforms/factory").text)
    assert page.css_first('form[action="/console/platforms/factory/test"]') is not None
    assert page.css_first('button[value="review"]') is None


def test_a_reader_sees_the_values_and_no_button() -> None:
    reader = signed_in(Role.READER, Platform(name="factory", type="AzureDataFactory"))
    page = parsed(reader.get("/platforms/factory").text)
    assert page.css("main button") == page.css("main button[data-copy]")
    assert all(
        "readonly" in each.attributes or "disabled" in each.attributes
        for each in page.css("#editor input:not([type=hidden]), #editor textarea")
    )
    assert page.css("#editor select") == []


def test_the_platform_is_asked_by_the_button_only(app: FakeApp, workspace: Workspace) -> None:
    workspace.failure = AssertionError("asked")
    assert app.browser.get("/platforms/lakehouse/artefacts").status_code == 200


def test_get_pipelines_shows_which_jobs_exist(app: FakeApp) -> None:
    page = parsed(app.browser.get("/platforms/lakehouse/artefacts?get=true").text)
    rows = {
        (row.css_first("b").text()): row.css_first("td:last-child").text()
        for row in page.css("tbody tr")
    }
    assert rows["sales-load"].strip() == "sales-load"
    assert rows["new-load"].strip() == "New"


def test_a_search_reaches_the_platform(app: FakeApp) -> None:
    page = parsed(app.browser.get("/platforms/lakehouse/artefacts?get=true&search=other").text)
    assert [each.text() for each in page.css("tbody b")] == ["other"]


def test_a_platform_that_fails_leaves_the_page_standing(app: FakeApp, workspace: Workspace) -> None:
    workspace.failure = PlatformRefused("no access", cause=FailureCause.SECRET)
    answer = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    assert answer.status_code == 200
    assert "no access" in text_of(parsed(answer.text), ".notice.error")


def test_the_chosen_artefacts_are_planned_then_imported(app: FakeApp) -> None:
    listed = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    chosen = {"externalId": "/etl/new-load"}
    plan = submit(app.browser, listed, chosen, do="plan", form="form.artefacts")
    page = parsed(plan.text)
    assert "Planned: 1 created." in page.text()
    assert app.browser.get("/jobs/new-load").status_code == 404

    form = "main form[method=post]"
    done = submit(app.browser, page, do="import", form=form)
    assert "The import is complete: 1 created." in parsed(done.text).text()
    assert stored(app, Kind.JOB, "new-load").parameters[0].name == "day"


def test_the_decision_to_remove_stays_until_the_import(app: FakeApp, workspace: Workspace) -> None:
    listed = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    chosen = {"externalId": "/etl/new-load"}
    plan = submit(app.browser, listed, chosen, do="plan", form="form.artefacts")
    submit(app.browser, plan, do="import", form="main form[method=post]")
    workspace.schema = ArtefactSchema(parameters=(), notes=("a cell is not valid Python",))

    for given, kept in (({}, ["day"]), ({"remove": "true"}, [])):
        plan = submit(app.browser, listed, {**chosen, **given}, do="plan", form="form.artefacts")
        submit(app.browser, plan, do="import", form="main form[method=post]")
        assert [each.name for each in stored(app, Kind.JOB, "new-load").parameters] == kept


def test_a_plan_of_all_counts_every_result(app: FakeApp) -> None:
    listed = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    plan = submit(app.browser, listed, {"all": "true"}, form="form.artefacts")
    text = parsed(plan.text).text()
    assert "2 created" in text
    assert "1 updated" in text


def test_an_import_without_a_choice_imports_nothing(app: FakeApp) -> None:
    listed = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    plan = submit(app.browser, listed, do="plan", form="form.artefacts")
    assert "nothing to import" in plan.text


def test_an_import_goes_on_page_by_page(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polysync_core.console.pages.platforms.artefacts.MAX_PER_CALL", 2)
    listed = app.browser.get("/platforms/lakehouse/artefacts?get=true")
    plan = submit(app.browser, listed, {"all": "true"}, form="form.artefacts")
    first = submit(app.browser, plan, do="import", form="main form[method=post]")
    assert "So far: 1 created, 1 updated" in parsed(first.text).text()
    second = submit(app.browser, first, do="import", form="main form[method=post]")
    assert "The import is complete: 2 created, 1 updated" in parsed(second.text).text()
