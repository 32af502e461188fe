"""Tests of the shown events: by the API, the command line and the console."""

from __future__ import annotations

from polysync_core.cli.views.schedules.arrivals import arrivals_view
from tests.fakes.events_of import blob_created
from tests.unit.api.arrivals.test_receive_events import send
from tests.unit.application.arrivals.test_batches import World


def sentence(world: World) -> str:
    (note,) = world.app.http.get("/api/tasks/load/fire-times").json()["notes"][1:]
    return note


def test_the_notes_say_what_is_collected_and_when_it_starts() -> None:
    world = World(quietSeconds=60)
    assert sentence(world) == "Arrival landing collects events in batches; no event waits."

    world.receive("in/a", "in/b")

    assert sentence(world) == (
        "Arrival landing: 2 events are collected; the run starts at 2026-03-01T12:01:00.000Z "
        "unless another event comes before."
    )


def test_the_notes_say_that_a_batch_waits_for_events() -> None:
    world = World(minimumCount=3, maximumWaitSeconds=60)
    world.receive("in/a")

    assert sentence(world) == (
        "Arrival landing: 1 events are collected; the run waits for 3 events, until "
        "2026-03-01T12:01:00.000Z at the latest."
    )


def test_events_are_listed_with_their_outcomes() -> None:
    world = World(suffix=".csv")
    for event in (
        blob_created("in/a.csv"),
        blob_created("in/a.csv"),
        blob_created("in/a.txt"),
        blob_created("in/a.csv", source="other"),
    ):
        send(world.app, event)
        world.app.clock.advance(seconds=1)

    answer = world.app.http.get("/api/tasks/load/arrivals").json()

    assert [each["outcome"] for each in answer["events"]] == ["FilteredOut", "Repeated", "Started"]
    assert answer["events"][0]["reason"] == "the path 'in/a.txt' does not end with '.csv'"
    assert len(arrivals_view(answer)) == 2


def test_the_console_shows_events_and_hostile_texts_as_text() -> None:
    world = World(quietSeconds=60)
    world.receive("in/<script>alert(1)</script>")

    page = world.app.browser.get("/tasks/load/events").text

    assert "in/&lt;script&gt;" in page
    assert "1 events are collected" in page
    assert "<script>alert" not in page


def test_the_editor_shows_the_arrivals() -> None:
    world = World(quietSeconds=60, source=["lake", "other"])

    page = world.app.browser.get("/tasks/load?tab=arrivals")

    assert page.status_code == 200
    assert "quietSeconds" in page.text


def test_old_events_are_purged() -> None:
    world = World()
    world.receive("in/a")
    world.app.clock.advance(days=8)
    world.app.services.retention.purge(world.app.engine)

    assert world.app.http.get("/api/tasks/load/arrivals").json()["events"] == []
