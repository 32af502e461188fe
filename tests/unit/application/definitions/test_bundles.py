"""Bundles own the definitions that they apply, and prune no others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.app import FakeApp

VAULT = {"provider": "Environment"}


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()


def document(*names: str) -> dict[str, Any]:
    return {"vaults": [{"name": name, **VAULT} for name in names]}


def apply(app: FakeApp, *names: str, **query: Any) -> dict[str, Any]:
    answer = app.http.put("/definitions", json=document(*names), params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return {
        action: [each["name"] for each in found[action]]
        for action in ("create", "update", "unchanged", "delete")
        if found[action]
    } | ({"warnings": found["warnings"]} if found["warnings"] else {})


def owner(app: FakeApp, name: str) -> str | None:
    found: str | None = app.http.get(f"/vaults/{name}").json().get("bundle")
    return found


def test_a_bundle_prunes_only_what_it_owns(app: FakeApp) -> None:
    apply(app, "free")
    apply(app, "a", "b", bundle="one")
    apply(app, "c", bundle="two")

    assert apply(app, "a", bundle="one", prune="true") == {"unchanged": ["a"], "delete": ["b"]}
    assert apply(app, "x", prune="true") == {"create": ["x"], "delete": ["free"]}
    assert [owner(app, name) for name in ("a", "c", "x")] == ["one", "two", None]


def test_a_bundle_prunes_kinds_that_its_documents_no_longer_have(app: FakeApp) -> None:
    apply(app, "a", bundle="one")
    calendar = {"calendars": [{"name": "days", "dates": ["2026-01-01"]}]}
    query = {"bundle": "one", "prune": "true"}
    answer = app.http.put("/definitions", json=calendar, params=query)
    assert [each["name"] for each in answer.json()["delete"]] == ["a"]


def test_a_bundle_adopts_an_equal_definition(app: FakeApp) -> None:
    apply(app, "a")
    assert apply(app, "a", bundle="one", dryRun="true") == {"update": ["a"]}
    apply(app, "a", bundle="one")
    assert owner(app, "a") == "one"
    assert apply(app, "a", bundle="one") == {"unchanged": ["a"]}


def test_taking_a_definition_from_another_bundle_is_a_warning(app: FakeApp) -> None:
    apply(app, "a", bundle="one")
    taken = apply(app, "a", bundle="two")
    assert taken["warnings"][0]["path"] == "vaults[0]"
    assert "bundle 'one' owns it" in taken["warnings"][0]["message"]
    assert owner(app, "a") == "two"


def test_edits_and_documents_without_a_bundle_keep_the_owner(app: FakeApp) -> None:
    apply(app, "a", bundle="one")
    stored = app.http.get("/vaults/a").json()
    app.http.put("/vaults/a", json={**stored, "description": "edited"})
    assert owner(app, "a") == "one"
    assert apply(app, "a") == {"update": ["a"]}
    assert owner(app, "a") == "one"


def test_the_plan_of_one_bundle_is_not_executed_for_another(app: FakeApp) -> None:
    query = {"bundle": "one", "dryRun": "true"}
    token = app.http.put("/definitions", json=document("a"), params=query).json()["planToken"]
    for bundle, status in (("two", 412), (None, 412), ("one", 200)):
        wanted = {"planToken": token} | ({} if bundle is None else {"bundle": bundle})
        answer = app.http.put("/definitions", json=document("a"), params=wanted)
        assert answer.status_code == status


def test_the_owner_is_no_part_of_an_export(app: FakeApp) -> None:
    apply(app, "a", bundle="one")
    assert app.http.get("/definitions").json() == document("a")
    refused = app.http.put("/definitions", json=document("a"), params={"bundle": "No Name"})
    assert refused.status_code == 422
