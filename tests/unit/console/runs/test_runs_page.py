"""The page of runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.security.roles import Role
from tests.unit.console.runs.runs_world import (
    HOSTILE,
    RunsWorld,
    azure_world,
    headers_of,
    text_of,
)


@pytest.fixture
def world() -> RunsWorld:
    return RunsWorld()


def rows(tree: LexborHTMLParser) -> dict[str, Any]:
    return {row.attributes["id"] or "": row for row in tree.css(".rows tr")}


def reasons(tree: LexborHTMLParser) -> list[str]:
    return [text_of(cell) for cell in tree.css(".rows .why")]


def test_without_runs_the_page_says_how_to_start_one(world: RunsWorld) -> None:
    tree = world.get("/runs")
    assert "There are no runs yet." in text_of(tree.css_first(".empty"))
    assert "polysync run TASK" in tree.css_first(".empty code").text()


def test_every_row_says_what_its_run_waits_for_or_came_to(world: RunsWorld) -> None:
    failed = world.end(world.accept(), RunStatus.FAILED, error="No cluster.")
    world.end(world.accept(), outputs={"total": 12})
    world.end(world.accept(), RunStatus.CANCELLED)
    running = world.accept()
    world.begin(running, url="https://example.net/run/4711")
    world.accept()
    world.accept()
    tree = world.get("/runs")
    assert reasons(tree) == [
        "slots 1 of 1 taken · 2nd in line held by load",
        "slots 1 of 1 taken · 1st in line held by load",
        "lakehouse says Running",
        "It ended as Cancelled.",
        "total = 12",
        "Artefact · No cluster.",
    ]
    row = rows(tree)[failed.run_id]
    assert row.attributes["data-url"] == f"/console/runs/{failed.run_id}"
    link = rows(tree)[running.run_id].css_first("a[target=_blank]")
    assert link.attributes["href"] == "https://example.net/run/4711"
    assert "noreferrer" in (link.attributes["rel"] or "")


def test_the_figures_lead_to_their_lists(world: RunsWorld) -> None:
    world.end(world.accept(), RunStatus.FAILED)
    world.begin(world.accept())
    world.accept()
    figures = world.get("/runs").css(".figures a")
    assert [text_of(each).split()[0] for each in figures[:3]] == ["1", "1", "1"]
    assert [each.attributes["href"] for each in figures] == [
        "/console/runs?status=Running",
        "/console/runs?status=Queued",
        "/console/runs?status=Failed&since=24h",
        "/console/upcoming",
    ]


def test_one_read_of_the_dispatcher_and_few_of_the_storage_serve_a_page(world: RunsWorld) -> None:
    for _ in range(30):
        world.accept()
    reads = 0
    dispatcher = world.app.engine.dispatcher

    def counted(shard: str) -> DispatcherState:
        nonlocal reads
        reads += 1
        return dispatcher(shard)

    world.app.engine.dispatcher = counted  # type: ignore[method-assign]
    assert len(rows(world.get("/runs"))) == 30
    assert reads == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "Failed"}, {"failed"}),
        ({"status": "active"}, {"queued", "running"}),
        ({"status": ["Failed", "Queued"]}, {"failed", "queued"}),
        ({"task": "load"}, {"failed", "running", "queued"}),
        ({"task": "lea"}, {"clean"}),
        ({"task": " load ", "since": "3s"}, {"queued"}),
        ({"cause": "Timeout"}, {"failed"}),
        ({"tag": "team=sales"}, {"failed", "running", "queued"}),
        ({"trigger": "Schedule"}, set()),
        ({"since": "2s"}, {"queued"}),
    ],
)
def test_filters_of_the_address_narrow_the_list(
    world: RunsWorld, query: dict[str, Any], expected: set[str]
) -> None:
    failed = world.end(world.accept(), RunStatus.FAILED, cause=FailureCause.TIMEOUT)
    clean = world.end(world.accept("clean"))
    running = world.accept()
    world.begin(running)
    world.app.clock.advance(seconds=5)
    queued = world.accept()
    names = {failed.run_id: "failed", clean.run_id: "clean"}
    names |= {running.run_id: "running", queued.run_id: "queued"}
    assert {names[run_id] for run_id in rows(world.get("/runs", **query))} == expected


def test_the_form_and_the_tabs_keep_the_other_filters(world: RunsWorld) -> None:
    world.accept()
    tree = world.get("/runs", status="Queued", task="load", since="24h", tag="team=sales")
    assert tree.css_first("#filter-task").attributes["value"] == "load"
    assert tree.css_first("#filter-since option[selected]").attributes["value"] == "24h"
    assert tree.css_first("form.filters input[name=status]").attributes["value"] == "Queued"
    current = tree.css_first(".tabs [aria-current]")
    assert text_of(current) == "Waiting"
    tabs = {text_of(tab): tab.attributes["href"] for tab in tree.css(".tabs a")}
    assert tabs["Failed"] == "/console/runs?task=load&tag=team%3Dsales&since=24h&status=Failed"
    chip = tree.css_first(".chip a")
    assert chip.attributes["href"] == "/console/runs?status=Queued&task=load&since=24h"


def test_pages_continue_with_the_same_filters(world: RunsWorld) -> None:
    for _ in range(60):
        world.accept()
    tree = world.get("/runs", task="load")
    older = tree.css_first(".pages a").attributes["href"] or ""
    assert older.startswith("/console/runs?task=load&after=")
    rest = world.get(older.removeprefix("/console"))
    assert (len(rows(tree)), len(rows(rest))) == (50, 10)
    assert not set(rows(tree)) & set(rows(rest))
    assert rest.css_first(".pages a") is None


def test_a_filter_without_matches_offers_to_clear_it(world: RunsWorld) -> None:
    world.accept()
    empty = world.get("/runs", task="nothing").css_first(".empty")
    assert "No run matches" in text_of(empty)
    assert empty.css_first("a").attributes["href"] == "/console/runs"


@pytest.mark.parametrize("query", [{"status": "Done"}, {"cause": "x"}, {"since": "tomorrow"}])
def test_a_wrong_filter_is_answered_with_its_remedy(
    world: RunsWorld, query: dict[str, str]
) -> None:
    answer = world.app.browser.get("/runs", params=query)
    assert answer.status_code == 422
    assert LexborHTMLParser(answer.text).css_first(".problem code").text() == next(iter(query))


def test_texts_of_platforms_are_escaped(world: RunsWorld) -> None:
    world.end(world.accept(), RunStatus.FAILED, error=HOSTILE)
    world.end(world.accept(), outputs={HOSTILE: HOSTILE})
    world.begin(world.accept(), HOSTILE, url="javascript:alert(1)")
    answer = world.app.browser.get("/runs")
    assert HOSTILE not in answer.text
    assert "javascript:" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_dispatcher_that_is_away_leaves_the_page_standing(world: RunsWorld) -> None:
    world.accept()

    def away(_: str) -> DispatcherState:
        raise Unavailable("The engine is starting.")

    world.app.engine.dispatcher = away  # type: ignore[method-assign]
    tree = world.get("/runs")
    assert "does not answer" in text_of(tree.css_first(".notice.warning"))
    assert "cannot be reached" in reasons(tree)[0]


def test_the_runs_of_a_task_have_their_own_page(world: RunsWorld) -> None:
    run = world.accept("clean")
    world.accept("load")
    tree = world.get("/tasks/clean/runs", status="active")
    assert tree.css_first("h1").text() == "Runs of clean"
    assert list(rows(tree)) == [run.run_id]
    assert tree.css_first("#filter-task") is None
    tabs = {text_of(tab): tab.attributes["href"] for tab in tree.css(".tabs a")}
    assert tabs["Failed"] == "/console/tasks/clean/runs?status=Failed"


def test_failures_are_grouped_by_their_error(world: RunsWorld) -> None:
    for number in range(3):
        world.end(world.accept(), RunStatus.FAILED, error=f"Cluster {number} is gone.")
    world.end(world.accept("clean"), RunStatus.FAILED, error="No rows.")
    tree = world.get("/runs", group="failures")
    lines = [text_of(row) for row in tree.css("#list tbody tr")]
    assert lines[0].startswith("3 load lakehouse Artefact · Cluster 2 is gone.")
    assert lines[1].startswith("1 clean lakehouse Artefact · No rows.")
    link = tree.css_first("#list tbody tr td a").attributes["href"] or ""
    shown = world.get(link.removeprefix("/console"))
    assert len(rows(shown)) == 3


def test_a_reader_sees_no_action_and_cannot_act() -> None:
    world = azure_world()
    run = world.accept()
    reader, operator = headers_of(Role.READER), headers_of(Role.OPERATOR)
    seen = LexborHTMLParser(world.app.browser.get("/runs", headers=reader).text)
    assert seen.css(".rows tr")
    assert not seen.css(".bulk, input[type=checkbox][name=run]")
    body = {"run": run.run_id, "action": "cancel"}
    refused = world.app.browser.post("/runs/actions", data=body, headers=reader)
    assert refused.status_code == 403
    shown = LexborHTMLParser(world.app.browser.get("/runs", headers=operator).text)
    assert shown.css_first(f"input[name=run][value={run.run_id}]")


def _ids(tree: LexborHTMLParser) -> Iterator[str]:
    return (node.attributes["id"] or "" for node in tree.css("[id]"))


def test_ids_are_unique_and_controls_have_labels(world: RunsWorld) -> None:
    world.accept()
    world.accept()
    tree = world.get("/runs")
    found = list(_ids(tree))
    assert len(found) == len(set(found))
    labels = {label.attributes["for"] for label in tree.css("label[for]")}
    for control in tree.css("main input:not([type=hidden]), main select"):
        assert control.attributes.get("aria-label") or control.attributes["id"] in labels


def test_empty_fields_of_a_form_are_removed_from_the_address(world: RunsWorld) -> None:
    query = {"task": "load", "since": "", "platform": " "}
    plain = world.app.browser.get("/runs", params=query)
    assert (plain.status_code, plain.headers["location"]) == (303, "/console/runs?task=load")
    by_script = world.app.browser.get("/runs", params=query, headers={"HX-Request": "true"})
    assert by_script.headers["hx-push-url"] == "/console/runs?task=load"
