"""The page of the limits: slots, holders, queues and rate windows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.console.live.fragments import Part, part_frames
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.limits import routes
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.stored import Page as StoredPage
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.unit.console.graph.graph_world import text


def profile(name: str, kind: str = "Concurrency", **facts: Any) -> Any:
    settings = {"maxConcurrentTasks": 2} if kind == "Concurrency" else {}
    raw = {"name": name, "type": kind, "settings": facts.pop("settings", settings), **facts}
    return read_definition(Kind.CONTENTION_PROFILE, raw)


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        profile("cap"),
        profile("pace", "RateLimit", settings={"limit": 5, "windowSeconds": 60}),
        profile("off", enabled=False),
        profile("spare", settings={"maxConcurrentTasks": 3}),
        a_platform(name="warehouse", contention_profiles=("cap", "pace", "off")),
        a_job(name="load", platform="warehouse"),
        *(Task(name=name, job="load") for name in ("orders", "rates", "stock")),
    )


def run(app: FakeApp, task: str) -> str:
    return app.http.post(f"/api/tasks/{task}/run", json={}).json()["runId"]


def page(app: FakeApp, path: str = "/limits") -> LexborHTMLParser:
    answer = app.browser.get(path)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def card(tree: LexborHTMLParser, label: str) -> Any:
    return tree.css_first(f'section[aria-label="{label}"]')


def test_slots_show_their_holders_and_the_line_shows_who_is_next(app: FakeApp) -> None:
    first, _, third = run(app, "orders"), run(app, "rates"), run(app, "stock")
    cap = card(page(app), "cap warehouse")
    assert text(cap, ".actions") == "2 of 2 slots taken"
    assert [each.css_first("b").text() for each in cap.css(".slot")] == ["orders", "rates"]
    assert cap.css_first(".slot").attributes["href"] == f"/console/runs/{first}"
    assert cap.css_first(".slot time").attributes["data-duration"]
    assert text(cap, ".queue li").startswith("1. stock priority 100 · waits")
    assert cap.css_first(".queue a").attributes["href"] == f"/console/runs/{third}"


def test_free_slots_and_rate_windows_are_shown(app: FakeApp) -> None:
    run(app, "orders")
    tree = page(app)
    assert [each.text() for each in card(tree, "cap warehouse").css(".slot.free")] == ["free"]
    pace = card(tree, "pace warehouse")
    assert text(pace, ".actions") == "1 of 5 starts in 60 s"
    bar = pace.css_first("progress").attributes
    assert (bar["value"], bar["max"]) == ("1", "5")
    assert "A run may start now." in text(pace, ".in")


def test_a_full_rate_says_when_the_next_start_is_possible(app: FakeApp) -> None:
    app.define(profile("pace", "RateLimit", settings={"limit": 1, "windowSeconds": 60}))
    run(app, "orders")
    run(app, "rates")
    assert "The next start is possible at" in text(card(page(app), "pace warehouse"), ".in")


def test_unused_and_disabled_limits_say_so(app: FakeApp) -> None:
    tree = page(app)
    assert text(card(tree, "spare"), ".in") == "No run holds or awaits it."
    assert text(card(tree, "off"), ".in") == "It is disabled: it limits no run."
    assert card(tree, "spare").css_first("h2 a").attributes["href"] == "/console/limits/spare"


def test_a_large_limit_shows_no_box_for_each_slot(app: FakeApp) -> None:
    app.define(profile("cap", settings={"maxConcurrentTasks": 1_000_000}))
    run(app, "orders")
    boxes = card(page(app), "cap warehouse").css(".slot")
    assert len(boxes) <= 42
    assert boxes[-1].text().endswith("more free")


def test_a_part_is_sent_only_if_it_has_changed(app: FakeApp) -> None:
    answer = app.browser.get("/part/limits")
    tag = {"If-None-Match": answer.headers["etag"]}
    assert "section" in answer.text
    assert app.browser.get("/part/limits", headers=tag).status_code == 304
    run(app, "orders")
    assert app.browser.get("/part/limits", headers=tag).status_code == 200


def test_streams_with_one_question_share_their_reads(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_shared", SharedReads(lambda: 0.0))
    reads: list[int] = []
    monkeypatch.setattr(
        LimitUsage, "page", lambda *_, **__: reads.append(1) or StoredPage(items=[])
    )
    for _ in range(50):
        assert "event: idle" in app.browser.get("/live/limits").text
    assert len(reads) == 1


def test_an_app_without_limits_says_so() -> None:
    assert "There is no limit yet" in text(page(FakeApp()), ".empty")


def read(parts: list[Part], seen: str = "") -> list[str]:
    async def frames() -> list[str]:
        left = iter(parts)
        return [each async for each in part_frames(lambda: next(left), seen)]

    return asyncio.run(frames())


def test_a_stream_sends_html_in_one_event_and_ends_when_idle() -> None:
    part = Part(content=lambda: "a\nb", state="1", is_active=False)
    _, message, idle = read([part])
    assert message == f"id: {part.tag}\ndata: a\ndata: b\n\n"
    assert "event: idle" in idle
    assert [frame.split("\n")[1] for frame in read([part], seen=part.tag)[1:]] == ["event: idle"]
