"""Tests the life of a draft: form, problems, plan, save, conflict and deletion."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.vaults import Vault
from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, submit, text_of

LOCAL = Vault(name="local", provider="Environment", description="first")


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(LOCAL)


def stored(app: FakeApp, name: str) -> Vault:
    found = app.services.definition_editing.get(Kind.VAULT, name).definition
    assert isinstance(found, Vault)
    return found


def test_the_list_links_to_each_definition(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults").text)
    assert [a.attributes["href"] for a in page.css("td .name")] == ["/console/vaults/local"]


def test_an_empty_list_says_the_purpose_and_the_next_step() -> None:
    page = parsed(FakeApp().browser.get("/vaults").text)
    assert "secret manager" in text_of(page, ".empty")
    assert page.css_first('.empty a[href="/console/vaults/-/new"]') is not None


def test_a_change_is_planned_then_saved(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    plan = submit(app.browser, form, {"description": "second"}, do="review")
    assert plan.status_code == 200
    assert "first" in text_of(parsed(plan.text), ".diff .removed")
    assert "second" in text_of(parsed(plan.text), ".diff .added")
    assert stored(app, "local").description == "first"

    saved = submit(app.browser, plan, do="save")
    assert saved.status_code == 303
    assert saved.headers["location"].startswith("/console/vaults/local?")
    assert stored(app, "local").description == "second"


def test_a_plan_leads_back_to_the_draft(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    plan = submit(app.browser, form, {"description": "second"}, do="review")
    again = parsed(submit(app.browser, plan, do="edit").text)
    assert text_of(again, "#f-description") == "second"
    assert text_of(again, ".was") == "was first"


def test_a_new_definition_is_created(app: FakeApp) -> None:
    form = app.browser.get("/vaults/new")
    refreshed = submit(app.browser, form, {"name": "files", "provider": "Files"}, do="refresh")
    plan = submit(app.browser, refreshed, do="review")
    saved = submit(app.browser, plan, do="save")
    assert saved.headers["location"] == "/console/vaults/files?notice=created"
    assert stored(app, "files").provider == "Files"


def test_wrong_fields_are_named_and_linked(app: FakeApp) -> None:
    form = app.browser.get("/vaults/new")
    answer = submit(app.browser, form, {"name": "No Name", "provider": "HashiCorpVault"})
    page = parsed(answer.text)
    assert answer.status_code == 422
    links = [a.attributes["href"] for a in page.css("#problems a")]
    assert "#f-name" in links
    control = page.css_first("#f-name")
    assert control is not None
    assert control.attributes["aria-invalid"] == "true"
    described = (control.attributes["aria-describedby"] or "").split()
    assert [text_of(page, f"#{each}") for each in described if each.endswith("-err")]
    for link in links:
        assert page.css_first(link or "") is not None


def test_a_name_that_is_taken_is_a_problem_of_the_name(app: FakeApp) -> None:
    form = app.browser.get("/vaults/new")
    answer = submit(app.browser, form, {"name": "local", "provider": "Files"})
    assert answer.status_code == 422
    assert "is taken already" in text_of(parsed(answer.text), "#f-name-err")


def test_nothing_changed_is_said_and_not_saved(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    answer = submit(app.browser, form, do="review")
    assert answer.headers["location"] == "/console/vaults/local?notice=unchanged"


def edit_elsewhere(app: FakeApp, **changes: object) -> None:
    editing = app.services.definition_editing
    editing.put(LOCAL.model_copy(update=changes), engine=None)


@pytest.mark.parametrize("moment", ["review", "save"])
def test_a_concurrent_change_is_a_conflict(app: FakeApp, moment: str) -> None:
    page = app.browser.get("/vaults/local")
    if moment == "save":
        page = submit(app.browser, page, {"description": "mine"}, do="review")
    edit_elsewhere(app, display_name="Theirs")
    answer = submit(
        app.browser, page, {"description": "mine"} if moment == "review" else {}, do=moment
    )
    assert answer.status_code == 412
    assert "Theirs" in answer.text
    assert stored(app, "local").description == "first"


def test_changes_of_different_fields_are_merged(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    edit_elsewhere(app, display_name="Theirs")
    conflict = submit(app.browser, form, {"description": "mine"}, do="review")
    draft = submit(app.browser, conflict, do="merge")
    saved = submit(app.browser, submit(app.browser, draft, do="review"), do="save")
    assert saved.status_code == 303
    assert (stored(app, "local").display_name, stored(app, "local").description) == (
        "Theirs",
        "mine",
    )


@pytest.mark.parametrize(("side", "kept"), [("Mine", "mine"), ("Theirs", "theirs")])
def test_a_field_that_both_changed_takes_the_chosen_side(
    app: FakeApp, side: str, kept: str
) -> None:
    form = app.browser.get("/vaults/local")
    edit_elsewhere(app, description="theirs")
    conflict = submit(app.browser, form, {"description": "mine"}, do="review")
    draft = submit(app.browser, conflict, {"~take:description": side}, do="merge")
    assert text_of(parsed(draft.text), "#f-description") == kept


def test_keeping_mine_drops_their_change(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    edit_elsewhere(app, display_name="Theirs")
    conflict = submit(app.browser, form, {"description": "mine"}, do="review")
    plan = submit(app.browser, submit(app.browser, conflict, do="merge:mine"), do="review")
    submit(app.browser, plan, do="save")
    assert stored(app, "local").display_name is None


@pytest.mark.parametrize("moment", ["review", "save"])
def test_a_draft_of_a_deleted_definition_is_kept(app: FakeApp, moment: str) -> None:
    page = app.browser.get("/vaults/local")
    if moment == "save":
        page = submit(app.browser, page, {"description": "mine"}, do="review")
    app.services.definition_editing.delete(Reference(Kind.VAULT, "local"), engine=None)
    changes = {"description": "mine"} if moment == "review" else {}
    kept = submit(app.browser, page, changes, do=moment)
    assert kept.status_code == 412
    assert "has deleted it" in kept.text
    created = submit(app.browser, submit(app.browser, kept, do="review"), do="save")
    assert created.headers["location"].startswith("/console/vaults/local?")
    assert stored(app, "local").description == "mine"


def test_a_forged_plan_is_not_saved(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    plan = submit(app.browser, form, {"description": "second"}, do="review")
    answer = submit(app.browser, plan, {"~token": "0" * 32}, do="save")
    assert answer.status_code == 200
    assert "The plan has changed" in answer.text
    assert stored(app, "local").description == "first"


def test_a_definition_is_deleted_after_a_question(app: FakeApp) -> None:
    page = app.browser.get("/vaults/local/delete")
    answer = submit(app.browser, page, form="form.card")
    assert answer.headers["location"] == "/console/vaults?notice=deleted&was=local"
    assert app.browser.get("/vaults/local").status_code == 404


def test_a_definition_that_is_referred_to_names_the_referrers(app: FakeApp) -> None:
    auth = {"method": "Token", "token": "vault://local/TOKEN"}
    other = Vault.model_validate(
        {
            "name": "hashicorp",
            "provider": "HashiCorpVault",
            "auth": auth,
            "attributes": {"address": "https://vault.example.com"},
        }
    )
    app.services.definition_editing.put(other, engine=None)
    page = parsed(app.browser.get("/vaults/local/delete").text)
    assert page.css_first('.notice a[href="/console/vaults/hashicorp"]') is not None
    assert page.css_first("form.card") is None


def test_a_copy_begins_with_the_values_of_another(app: FakeApp) -> None:
    page = parsed(app.browser.get("/vaults/new?copy=local").text)
    name = page.css_first("#f-name")
    assert name is not None
    assert name.attributes["value"] == "local-copy"
    assert text_of(page, "#f-description") == "first"


def test_markup_in_values_is_escaped(app: FakeApp) -> None:
    hostile = '"><script>alert(1)</script>'
    form = app.browser.get("/vaults/local")
    answer = submit(app.browser, form, {"description": hostile, "displayName": hostile})
    assert "<script>alert" not in answer.text


def test_the_audit_tells_reviews_from_saves(app: FakeApp) -> None:
    form = app.browser.get("/vaults/local")
    plan = submit(app.browser, form, {"description": "second"}, do="review")
    submit(app.browser, plan, do="save")
    entries = app.services.audit.page(None, limit=10).items
    assert sorted(each.status or 0 for each in entries) == [0, 200]
