"""Tests for reading the audit log."""

from __future__ import annotations

from tests.fakes.app import FakeApp
from tests.fakes.audit import FakeAuditStore


def test_changes_are_listed_by_day() -> None:
    app = FakeApp()
    audit, first = app.services.audit, app.clock()
    for path in ("/tasks/a", "/tasks/b"):
        entry = audit.begin(actor="ann", object_id=None, method="PUT", path=path)
        app.clock.advance(minutes=1)
    audit.add_status(entry, 409)

    with app.http as client:
        listed = client.get("/audit", params={"day": first.date().isoformat()}).json()
        other = client.get("/audit", params={"day": "2001-01-01"}).json()
        assert client.get("/audit", params={"day": "yesterday"}).status_code == 422

    assert [(each["path"], each["status"]) for each in listed["items"]] == [
        ("/tasks/b", 409),
        ("/tasks/a", None),
    ]
    fields = {"at", "actor", "objectId", "method", "path", "status", "runId"}
    assert set(listed["items"][0]) == fields
    assert other["items"] == []


def test_a_very_long_path_is_truncated() -> None:
    store = FakeAuditStore()
    audit = FakeApp(audit=store).services.audit
    audit.begin(actor="ann", object_id=None, method="PUT", path="/" + "x" * 5_000)

    [entry] = store.entries.values()
    assert len(entry.path) == 1_000
