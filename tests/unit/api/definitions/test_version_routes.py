"""Tests the routes of versions: list, read and restore."""

from __future__ import annotations

from typing import get_args

import pytest

from polysync_core.api.definitions.versions import KindPath
from polysync_core.domain.definitions.kinds import KINDS
from tests.fakes.app import FakeApp


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp()
    app.http.put("/vaults/local", json={"provider": "Environment"}).raise_for_status()
    return app


def describe(app: FakeApp, text: str) -> None:
    app.http.patch("/vaults/local", json={"description": text}).raise_for_status()


def test_every_kind_has_versions() -> None:
    assert set(get_args(KindPath)) == {spec.path for spec in KINDS}


def test_versions_are_listed_with_their_authors(app: FakeApp) -> None:
    describe(app, "second")
    document = {"vaults": [{"name": "local", "provider": "Environment", "description": "third"}]}
    app.http.put("/definitions", json=document).raise_for_status()

    answer = app.http.get("/versions/vaults/local").json()

    assert answer["current"]["version"] == 3
    assert (answer["current"]["savedBy"], answer["current"]["source"]) == ("api", "Document")
    assert [(each["version"], each["source"]) for each in answer["items"]] == [
        (2, "Edit"),
        (1, "Edit"),
    ]
    assert answer["continuationToken"] is None


def test_a_long_list_has_pages(app: FakeApp) -> None:
    for number in range(3):
        describe(app, f"{number}")
    first = app.http.get("/versions/vaults/local", params={"limit": 2}).json()
    token = first["continuationToken"]
    rest = app.http.get("/versions/vaults/local", params={"continuationToken": token}).json()

    assert [each["version"] for each in (*first["items"], *rest["items"])] == [3, 2, 1]


def test_a_bad_edit_is_undone_after_its_plan(app: FakeApp) -> None:
    describe(app, "good")
    describe(app, "bad")
    content = app.http.get("/versions/vaults/local/2").json()
    assert content["definition"]["description"] == "good"

    plan = app.http.post("/versions/vaults/local/2/restore", params={"dryRun": True}).json()
    assert plan["dryRun"] is True
    assert plan["update"][0]["differences"] == [
        {"path": "description", "before": "bad", "after": "good"}
    ]
    assert app.http.get("/vaults/local").json()["description"] == "bad"

    done = app.http.post("/versions/vaults/local/2/restore").json()
    assert done["dryRun"] is False
    assert app.http.get("/vaults/local").json()["description"] == "good"
    assert app.http.get("/versions/vaults/local").json()["current"]["version"] == 4


def test_a_deleted_definition_is_created_again(app: FakeApp) -> None:
    app.http.delete("/vaults/local").raise_for_status()
    assert app.http.get("/versions/vaults/local").json()["current"] is None

    plan = app.http.post("/versions/vaults/local/1/restore").json()

    assert plan["create"] == [{"kind": "vault", "name": "local"}]
    assert app.http.get("/vaults/local").status_code == 200


def test_a_version_that_contradicts_the_present_definitions_is_refused(app: FakeApp) -> None:
    hook = {"url": "https://hooks.example.com/x", "secret": "vault://local/HOOK"}
    app.http.put("/webhooks/chat", json=hook).raise_for_status()
    app.http.delete("/webhooks/chat").raise_for_status()
    app.http.delete("/vaults/local").raise_for_status()

    answer = app.http.post("/versions/webhooks/chat/1/restore")

    assert answer.status_code == 422
    assert "local" in answer.text


def test_a_restore_under_another_etag_is_refused(app: FakeApp) -> None:
    describe(app, "second")
    stale = {"If-Match": '"other"'}

    assert app.http.post("/versions/vaults/local/1/restore", headers=stale).status_code == 412
    assert app.http.get("/vaults/local").json()["description"] == "second"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/versions/vaults/other", 404),
        ("/versions/vaults/local/2", 404),
        ("/versions/vaults/local/0", 422),
        ("/versions/vaults/local/x", 422),
        ("/versions/secrets/local", 422),
    ],
)
def test_an_unknown_version_is_refused(app: FakeApp, path: str, status: int) -> None:
    assert app.http.get(path).status_code == status


def test_no_version_holds_a_secret(app: FakeApp) -> None:
    app.vaults.values["local/HOOK"] = "the-secret-itself"
    hook = {"url": "https://hooks.example.com/x", "secret": "vault://local/HOOK"}
    app.http.put("/webhooks/chat", json=hook).raise_for_status()
    app.http.patch("/webhooks/chat", json={"enabled": False}).raise_for_status()

    assert "the-secret-itself" not in str(app.tables.tables)
    assert app.http.get("/versions/webhooks/chat/1").json()["definition"]["secret"] == (
        "vault://local/HOOK"
    )
