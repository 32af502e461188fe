"""Tests the pages of versions, and undoing an edit or a deletion in the browser."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, submit, text_of
from tests.unit.console.editing.pages import signed_in


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp()
    app.http.put("/vaults/local", json={"provider": "Environment"}).raise_for_status()
    app.http.patch("/vaults/local", json={"description": "<b>bad</b>"}).raise_for_status()
    return app


def test_the_editor_says_who_saved_it_and_leads_to_the_versions(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults/local").text)
    assert text_of(page, ".crumbs .nothing").startswith("Version 2, saved ")
    assert text_of(page, ".crumbs .nothing").endswith("by api, from an edit")
    link = page.css_first('a[href="/console/vaults/local/versions"]')
    assert link is not None


def test_the_versions_are_listed_and_linked(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults/local/versions").text)
    links = [each.attributes["href"] for each in page.css("tbody th a")]
    assert links == ["/console/vaults/local", "/console/vaults/local/versions/1"]
    assert [cell.text() for cell in page.css("tbody tr:nth-child(2) td")][1:] == ["api", "an edit"]


def test_a_version_is_restored_after_its_plan(app: FakeApp) -> None:
    version = app.browser.get("/vaults/local/versions/1")
    page = parsed(version.text)
    assert "<b>bad</b>" in text_of(page, ".diff .removed")
    assert "provider: Environment" in text_of(page, "pre")

    plan = submit(app.browser, page, do="review", form="form.foot")
    assert "Save changes of local?" in text_of(parsed(plan.text), "h1")
    assert app.http.get("/vaults/local").json()["description"] == "<b>bad</b>"
    assert submit(app.browser, plan, do="save").status_code == 303
    assert app.http.get("/vaults/local").json()["description"] is None


def test_a_version_is_not_restored_over_the_edit_of_another_person(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults/local/versions/1").text)
    app.http.patch("/vaults/local", json={"displayName": "Theirs"}).raise_for_status()

    answer = submit(app.browser, page, do="review", form="form.foot")

    assert answer.status_code == 412


def test_a_deletion_is_undone(app: FakeApp) -> None:
    removed = submit(app.browser, app.browser.get("/vaults/local/delete"), form="form.card")
    address = removed.headers["location"].removeprefix("/console")
    notice = parsed(app.browser.get(address).text).css_first(".notice a")
    assert notice is not None
    assert notice.attributes["href"] == "/console/vaults/local/versions"
    versions = parsed(app.browser.get("/vaults/local/versions").text)
    assert "It is deleted." in text_of(versions, ".notice")

    page = parsed(app.browser.get("/vaults/local/versions/2").text)
    plan = submit(app.browser, page, do="review", form="form.foot")
    assert submit(app.browser, plan, do="save").status_code == 303
    assert app.http.get("/vaults/local").json()["description"] == "<b>bad</b>"


def test_the_present_version_cannot_be_restored(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults/local/versions/2").text)
    assert page.css_first("form.foot") is None
    assert app.browser.get("/vaults/local/versions/3").status_code == 404
    assert app.browser.get("/vaults/other/versions").status_code == 404


def test_a_reader_sees_versions_and_restores_none() -> None:
    reader = signed_in(Role.READER, Vault(name="local", provider="Environment"))
    assert reader.get("/vaults/local/versions").status_code == 200
    assert parsed(reader.get("/vaults/local/versions/1").text).css_first("form.foot") is None


def test_a_definition_of_a_document_says_so_also_after_an_edit() -> None:
    app = FakeApp()
    document = {"vaults": [{"name": "local", "provider": "Environment"}]}
    app.http.put("/definitions", json=document).raise_for_status()
    app.http.patch("/vaults/local", json={"description": "by hand"}).raise_for_status()

    text = text_of(parsed(app.browser.get("/vaults/local").text), "main .notice")

    assert text.startswith("Last applied from a document ")
    assert "by api. The next apply of that document may undo a change made here." in text


def test_a_definition_of_a_bundle_names_it_and_warns_before_an_edit_is_saved() -> None:
    app = FakeApp()
    document = {"vaults": [{"name": "local", "provider": "Environment"}]}
    app.http.put("/definitions", params={"bundle": "sales"}, json=document).raise_for_status()

    answer = app.browser.get("/vaults/local")
    plan = submit(app.browser, answer, {"description": "by hand"}, do="review")

    assert text_of(parsed(answer.text), ".crumbs .nothing").endswith("owned by the bundle sales")
    for page in (answer, plan):
        warning = text_of(parsed(page.text), "main .notice.warning")
        assert warning.startswith(
            "The next apply of bundle sales will overwrite an edit made here."
        )


@pytest.mark.parametrize("was", ["", "<script>", "../x", "No Name"])
def test_a_forged_notice_of_a_deletion_has_no_link(app: FakeApp, was: str) -> None:
    page = parsed(app.browser.get("/vaults", params={"notice": "deleted", "was": was}).text)
    assert text_of(page, ".notice") == "Deleted."
