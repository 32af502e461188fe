"""Tests for reading the audit log."""

from __future__ import annotations

from fastapi.testclient import TestClient

from polysync_core.api.app import create_app
from polysync_core.api.operations.audit import audit_routes
from polysync_core.application.operations.audit import Audit
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock


def test_changes_are_listed_by_day() -> None:
    clock = FakeClock()
    audit = Audit(store=FakeAuditStore(), clock=clock, new_id=iter("abc").__next__)
    first = clock()
    for path in ("/tasks/a", "/tasks/b"):
        entry = audit.begin(actor="ann", object_id=None, method="PUT", path=path)
        clock.advance(minutes=1)
    audit.end(entry, 409)

    with TestClient(create_app([audit_routes(audit)])) as client:
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
    audit = Audit(store=store, clock=FakeClock(), new_id=lambda: "a")
    audit.begin(actor="ann", object_id=None, method="PUT", path="/" + "x" * 5_000)

    assert len(store.entries["a"].path) == 1_000
