"""The stream of the page of runs, its looks, and the merging of equal reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.console.live.fragments import Part, part_frames, tag_of
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.domain.errors import Unavailable
from tests.unit.console.runs.runs_world import RunsWorld


@pytest.fixture
def world() -> RunsWorld:
    return RunsWorld()


def test_the_page_names_its_stream_while_a_run_is_active(world: RunsWorld) -> None:
    run = world.accept()
    element = world.get("/runs", task="load").css_first("[data-look]")
    assert element.attributes["hx-sse:connect"] == "/console/live/runs?task=load"
    assert element.attributes["hx-sse:close"] == "idle"
    world.end(run)
    idle = world.get("/runs", task="load").css_first("[data-look]")
    assert "hx-sse:connect" not in idle.attributes
    assert idle.attributes["data-connect"] == "/console/live/runs?task=load"
    assert idle.attributes["data-look"] == "/console/part/runs?task=load"


def test_a_look_without_a_change_has_no_body(world: RunsWorld) -> None:
    run = world.accept()
    tag = world.get("/runs").css_first("[data-look]").attributes["data-tag"]
    world.app.clock.advance(seconds=30)
    same = world.app.browser.get("/part/runs", headers={"If-None-Match": f'"{tag}"'})
    assert (same.status_code, same.content) == (304, b"")
    world.begin(run)
    changed = world.app.browser.get("/part/runs", headers={"If-None-Match": f'"{tag}"'})
    assert changed.status_code == 200
    tree = LexborHTMLParser(changed.text)
    assert tree.css_first("#runs .rows tr")
    assert tree.css_first("#figures").attributes["hx-swap-oob"] == "outerMorph"


def test_the_stream_sends_the_rows_and_ends_when_no_run_is_active(world: RunsWorld) -> None:
    world.end(world.accept())
    answer = world.app.browser.get("/live/runs")
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, message, idle, *_ = answer.text.split("\n\n")
    assert first.startswith("retry:")
    assert 'id="runs"' in message
    assert "event" not in message
    assert "event: idle" in idle


def test_a_browser_that_has_the_newest_rows_gets_only_the_end(world: RunsWorld) -> None:
    world.end(world.accept())
    tag = world.get("/runs").css_first("[data-look]").attributes["data-tag"] or ""
    answer = world.app.browser.get("/live/runs", headers={"Last-Event-ID": tag})
    assert "data: <" not in answer.text
    assert "event: idle" in answer.text


async def _collected(stream: AsyncGenerator[str]) -> list[str]:
    return [frame async for frame in stream]


def _look(tag: str, *, is_active: bool = True) -> Part:
    return Part(state=tag, content=lambda: f"part {tag}", is_active=is_active)


def test_a_part_is_sent_once_for_each_version() -> None:
    looks = iter([_look("a"), _look("a"), _look("b"), _look("b", is_active=False)])
    sent = asyncio.run(_collected(part_frames(lambda: next(looks), "", end="over", pause=0)))
    assert sent[1:] == [
        f"id: {tag_of('a')}\ndata: part a\n\n",
        f"id: {tag_of('b')}\ndata: part b\n\n",
        f"id: {tag_of('b')}\nevent: over\ndata: {{}}\n\n",
    ]


def test_a_failed_look_is_tried_again() -> None:
    answers = iter([Unavailable("away"), _look("a", is_active=False)])

    def look() -> Part:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sent = asyncio.run(_collected(part_frames(look, "", end="over", pause=0)))
    assert [frame.split("\n")[0] for frame in sent[1:]] == [f"id: {tag_of('a')}"] * 2


def test_a_browser_that_goes_away_ends_the_looks() -> None:
    looks = 0

    def look() -> Part:
        nonlocal looks
        looks += 1
        return _look(str(looks))

    async def visit() -> None:
        stream = part_frames(look, "", end="over", pause=0)
        for _ in range(4):
            await anext(stream)
        await stream.aclose()
        before = looks
        await asyncio.sleep(0)
        assert looks == before

    asyncio.run(visit())


def test_equal_questions_at_once_are_one_read() -> None:
    now = 0.0
    shared = SharedReads[int](lambda: now)
    reads: list[int] = []
    together = Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        return shared.get("q", lambda: reads.append(1) or len(reads))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}
    assert shared.get("other", lambda: 7) == 7
    now = 1.0
    assert shared.get("q", lambda: 2) == 2


def test_the_error_of_a_read_is_not_kept() -> None:
    shared = SharedReads[int](lambda: 0.0)

    def away() -> int:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        shared.get("q", away)
    assert shared.get("q", lambda: 1) == 1
