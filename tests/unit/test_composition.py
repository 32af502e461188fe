"""The composition with fake ports behaves like the deployed app."""

from __future__ import annotations

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.definitions import lakehouse


def test_a_document_is_applied_and_a_run_starts_with_fake_ports() -> None:
    app = FakeApp(settings=settings_of(POLYSYNC_RUN_EVENTS_QUEUE="run-events"))
    document = lakehouse()
    applied = app.http.put("/definitions", json=document)
    assert applied.status_code == 200, applied.text
    answer = app.http.post("/tasks/landing-check/run", json={})
    assert answer.status_code == 202, answer.text
    run = app.http.get(f"/task-runs/{answer.json()['runId']}").json()
    assert run["status"] == "Queued"
    assert len(app.queue("run-events").sent) == 1
    assert list(app.engine.dispatcher("main").leases) == [run["runId"]]


def test_definitions_stored_directly_are_found_and_survive_a_restart() -> None:
    app = FakeApp()
    for kind, definitions in lakehouse().items():
        app.define(*(read_definition(Kind(kind), each) for each in definitions))
    app.restart()
    assert app.http.get("/tasks/landing-check").json()["job"] == "landing"


def test_two_apps_of_a_process_share_their_routes_and_nothing_else() -> None:
    first, second = FakeApp(), FakeApp()
    assert first.api.routes == second.api.routes
    first.http.put("/definitions", json=lakehouse())
    assert first.http.get("/tasks/landing-check").status_code == 200
    assert second.http.get("/tasks/landing-check").status_code == 404
