"""The page of the graph, its panel, and its states."""

from __future__ import annotations

import asyncio
import json

import pytest

from polysync_core.console.live.graph_states import frames_of
from polysync_core.console.pages.graph.query import GraphQuery
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.app import FakeApp
from tests.unit.console.graph.graph_world import ROOT, GraphPages, text


@pytest.fixture
def world() -> GraphPages:
    return GraphPages()


def test_the_page_has_the_picture_the_panel_and_a_table(world: GraphPages) -> None:
    world.ran("landing")
    world.ran("bronze", RunStatus.FAILED, error="The notebook failed.")
    tree = world.page("/graph")
    assert len(tree.css("h1")) == 1
    assert "4 tasks · 1 succeeded · 1 failed" in text(tree, "header.top")
    assert len(tree.css(".graph-pane svg.graph a[data-task]")) == 4
    assert text(tree, "#peek h2") == "bronze"
    assert text(tree, "#peek .error") == "The notebook failed."
    rows = [
        [cell.text() for cell in row.css("th, td")] for row in tree.css(".graph-table tbody tr")
    ]
    assert ["bronze", "Failed", "landing", "alert (if it failed), gold"] in [
        [" ".join(cell.split()) for cell in row] for row in rows
    ]
    scripts = [each.attributes["src"] or "" for each in tree.css("script[src]")]
    assert sum("/graph." in each for each in scripts) == 1


def test_ids_are_unique_and_nothing_is_inline(world: GraphPages) -> None:
    tree = world.page("/graph")
    ids = [each.attributes["id"] for each in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    assert not tree.css("[style], script:not([src]), style")


def test_the_chosen_task_and_the_layout_are_in_the_address(world: GraphPages) -> None:
    tree = world.page("/graph", task="gold", layout="stacked")
    assert text(tree, "#peek h2") == "gold"
    assert tree.css(".graph-view.stacked")
    assert tree.css_first("a[data-task=gold] .node.sel")
    href = tree.css_first("svg a[data-task=landing]").attributes["href"] or ""
    assert href == "/console/graph?task=landing&layout=stacked"
    split = tree.css_first("a[data-layout=split]").attributes["href"]
    assert split == "/console/graph?task=gold"


def test_the_panel_names_runs_dependencies_and_actions(world: GraphPages) -> None:
    first = world.ran("bronze", RunStatus.SUCCEEDED, outputs={"rows": 5})
    tree = world.page("/graph", task="bronze")
    assert text(tree, "#peek .before li") == "landing if it succeeded"
    assert [" ".join(each.text(separator=" ").split()) for each in tree.css("#peek .after li")] == [
        "alert if this failed",
        "gold if this succeeded rows → expected",
    ]
    links = [each.attributes["href"] for each in tree.css("#peek .actions a")]
    assert links == [
        "/console/tasks/bronze",
        f"/console/runs/{first.run_id}",
        "/console/tasks/bronze/run",
        "https://e.org/run/1",
    ]
    assert len(tree.css("#peek .bars li")) == 1
    assert text(tree, ".edge-label.val text") == "rows = 5"


def test_a_part_of_the_page_is_the_panel_alone(world: GraphPages) -> None:
    tree = world.page("/part/graph", task="gold")
    assert text(tree, "#peek h2") == "gold"
    assert not tree.css("nav, h1")


def test_a_graph_run_shows_its_own_runs(world: GraphPages) -> None:
    world.ran("landing", run_id=ROOT, outputs={"n": 1})
    world.ran("bronze", outputs={"rows": 7})
    tree = world.page("/graph", graphRunId=ROOT)
    assert text(tree, "h1") == f"Graph run {ROOT[:8]}"
    assert "rows = 7" in [each.text() for each in tree.css(".edge-label text")]
    assert tree.css_first("a[data-task=bronze]").attributes["href"].endswith(f"graphRunId={ROOT}")


def test_an_unknown_graph_run_is_not_found(world: GraphPages) -> None:
    answer = world.app.browser.get("/graph", params={"graphRunId": ROOT})
    assert answer.status_code == 404


def test_an_app_without_tasks_says_what_to_do() -> None:
    answer = FakeApp().browser.get("/graph")
    assert "There are no Tasks yet." in answer.text
    assert "polysync apply" in answer.text


def test_states_are_data_with_a_tag(world: GraphPages) -> None:
    world.ran("landing")
    world.ran("bronze", RunStatus.RUNNING)
    answer = world.app.browser.get("/live/graph/states")
    states = answer.json()
    assert states["tasks"]["landing"] == ["succeeded", "succeeded", "7.0 s", None]
    name, word, length, since = states["tasks"]["bronze"]
    assert (name, word, length) == ("running", "running", "")
    assert since.startswith("2026-03-01T12:00:01")
    assert ["landing", "bronze", "live"] in states["edges"]
    again = world.app.browser.get(
        "/live/graph/states", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def read(world: GraphPages, seen: str = "") -> list[str]:
    async def frames() -> list[str]:
        return [each async for each in frames_of(GraphQuery(), world.app.services.graphs, seen)]

    return asyncio.run(frames())


def test_a_stream_ends_when_nothing_can_change(world: GraphPages) -> None:
    world.ran("landing")
    _, states, idle = read(world)
    assert "event: states" in states
    assert json.loads(states.split("data: ")[1])["tasks"]["landing"][0] == "succeeded"
    assert "event: idle" in idle
    tag = idle.split("\n")[0].removeprefix("id: ")
    assert [each.split("\n")[1] for each in read(world, seen=tag)[1:]] == ["event: idle"]
