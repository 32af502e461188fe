"""The page of the graph, its panel, and its states."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from functools import partial

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.application.dependencies import graph_view
from polysync_core.application.dependencies.graph_view import Graph
from polysync_core.console.live import graph_states
from polysync_core.console.live.graph_states import frames_of
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.graph import routes
from polysync_core.console.pages.graph.query import GraphQuery
from polysync_core.domain.runs.run import RunStatus
from polysync_core.storage.definitions import TableDefinitions
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_job, a_platform, run_id
from tests.unit.console.graph.graph_world import ROOT, GraphPages, a_task, text


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
        "/console/graph?task=bronze&hops=2",
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
        services = world.app.services
        read = partial(GraphQuery().read, services.graphs, services.graph_outlines)
        return [each async for each in frames_of(read, seen)]

    return asyncio.run(frames())


def test_a_stream_ends_when_nothing_can_change(world: GraphPages) -> None:
    world.ran("landing")
    _, states, idle = read(world)
    assert "event: states" in states
    assert json.loads(states.split("data: ")[1])["tasks"]["landing"][0] == "succeeded"
    assert "event: idle" in idle
    tag = idle.split("\n")[0].removeprefix("id: ")
    assert [each.split("\n")[1] for each in read(world, seen=tag)[1:]] == ["event: idle"]


def test_streams_of_one_graph_share_their_reads(
    world: GraphPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_states, "_shared", SharedReads(lambda: 0.0))
    reads: list[GraphQuery] = []

    def read(query: GraphQuery, *_: object) -> Graph:
        reads.append(query)
        return Graph(nodes=(), edges=())

    monkeypatch.setattr(GraphQuery, "read", read)
    for address in ("", "?task=gold", "?layout=stacked&task=bronze", "?tag=layer=gold"):
        assert "event: idle" in world.app.browser.get(f"/live/graph{address}").text
    assert [query.tag for query in reads] == [None, "layer=gold"]


def boxes(tree: LexborHTMLParser) -> list[str]:
    return [each.attributes["data-task"] or "" for each in tree.css(".graph-pane > svg a")]


def test_hops_show_what_is_around_a_task(world: GraphPages) -> None:
    tree = world.page("/graph", task="landing", hops="1")
    assert sorted(boxes(tree)) == ["bronze", "landing"]
    links = {each.text().strip(): each.attributes["href"] for each in tree.css("#peek .actions a")}
    assert links["Whole graph"] == "/console/graph?task=landing&whole=true"
    answer = world.app.browser.get("/graph", params={"task": "nothing", "hops": "1"})
    assert answer.status_code == 404


def test_a_tag_chooses_tasks(world: GraphPages) -> None:
    assert sorted(boxes(world.page("/graph", tag="layer=bronze"))) == ["alert", "bronze"]
    assert sorted(boxes(world.page("/graph", tag="layer"))) == ["alert", "bronze", "gold"]
    assert "There are no Tasks" in text(world.page("/graph", tag="none"), ".empty")


def test_groups_by_tag_are_one_box_each(world: GraphPages) -> None:
    world.ran("bronze", RunStatus.FAILED)
    tree = world.page("/graph", group="layer")
    assert boxes(tree) == ["bronze", "gold"]
    first = tree.css_first('.graph-pane > svg a[data-task="bronze"]')
    assert first.attributes["href"] == "/console/graph?tag=layer%3Dbronze"
    assert first.css_first(".fact").text() == "2 tasks · 1 failed"
    assert [each.text() for each in tree.css(".edge-label text")] == ["1"]
    assert tree.css_first("#graph-group option[selected]").text() == "layer"


def test_a_graph_that_is_too_large_is_an_overview(
    world: GraphPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_view, "MAX_NODES", 3)
    world.ran("landing")
    tree = world.page("/graph")
    assert "overview of 4 Tasks" in text(tree, "header.top")
    row = tree.css_first("main tbody tr")
    assert text(row, "a") == "landing"
    assert row.css_first("a").attributes["href"] == "/console/graph?task=landing&hops=2"
    assert text(row, ".number") == "4"
    assert "1 succeeded" in text(row, ".chips")
    assert tree.css_first("main form input[name=task]")


def test_a_graph_with_too_many_layers_is_an_overview(
    world: GraphPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_LAYERS", 2)
    assert "overview" in text(world.page("/graph"), "header.top")
    assert "overview" not in text(world.page("/graph", task="gold", hops="2"), "header.top")


def test_a_graph_run_is_compared_with_the_one_before(world: GraphPages) -> None:
    first, second = run_id("first"), run_id("second")
    for number, root in enumerate((first, second)):
        at = NOON + timedelta(minutes=number)
        world.ran("landing", run_id=root, graph_run_id=root, queued_at=at)
        outputs = {"rows": number}
        world.ran("bronze", graph_run_id=root, queued_at=at, outputs=outputs)
    plain = world.page("/graph", graphRunId=second)
    link = plain.css_first("header .actions a").attributes["href"]
    assert link == f"/console/graph?graphRunId={second}&compare=true#comparison"
    tree = world.page("/graph", graphRunId=second, compare="true")
    rows = [" ".join(each.text(separator=" ").split()) for each in tree.css(".compared tbody tr")]
    assert rows[0] == "bronze Succeeded Succeeded 7.0 s as before rows : 0 → 1"
    assert "1 of 2 Tasks differ" in text(tree, ".compared header")
    none = world.page("/graph", graphRunId=first, compare="true")
    assert "There is no earlier graph run." in text(none, ".compared")


@pytest.mark.parametrize(
    ("query", "command"),
    [
        ({}, "polysync graph --output graph.svg"),
        ({"task": "gold", "hops": "2"}, "polysync graph gold --hops 2 --output graph.svg"),
        ({"tag": "layer=gold"}, "polysync graph --tag layer=gold --output graph.svg"),
    ],
)
def test_the_page_offers_its_command(
    world: GraphPages, query: dict[str, str], command: str
) -> None:
    tree = world.page("/graph", **query)
    assert tree.css_first("header [data-copy]").attributes["data-copy"] == command


def test_the_api_limits_the_graph_by_hops_and_tag(world: GraphPages) -> None:
    def names(**query: str) -> list[str]:
        nodes = world.app.http.get("/api/graph", params=query).json()["nodes"]
        return sorted(each["task"] for each in nodes)

    assert names(task="landing", hops="1") == ["bronze", "landing"]
    assert names(tag="layer=gold") == ["gold"]
    assert names(task="landing") == ["alert", "bronze", "gold", "landing"]


def many(number: int) -> FakeApp:
    """Return an app with a chain of Tasks."""
    names = [f"t{each:03}" for each in range(number)]
    chain = zip(names, ["", *names], strict=False)
    tasks = [a_task(name, *filter(None, [before])) for name, before in chain]
    return FakeApp(a_platform(), a_job(), *tasks)


def test_a_graph_with_many_tasks_is_an_overview_until_all_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes, "MAX_BOXES", 4)
    app = many(6)

    overview = LexborHTMLParser(app.browser.get("/graph").text)
    link = overview.css_first('a[href="/console/graph?whole=true"]')
    assert link.text() == "Draw all 6 tasks"
    assert "overview of 6 Tasks" in text(overview, "header.top")

    whole = LexborHTMLParser(app.browser.get("/graph?whole=true").text)
    assert len(boxes(whole)) == 6
    first = whole.css_first(".graph-pane > svg a").attributes["href"] or ""
    assert "whole=true" in first
    assert len(boxes(LexborHTMLParser(many(4).browser.get("/graph").text))) == 4


def test_a_task_of_a_large_graph_is_shown_with_what_is_around_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes, "MAX_BOXES", 4)
    app = many(9)

    page = LexborHTMLParser(app.browser.get("/graph?task=t004").text)

    assert sorted(boxes(page)) == ["t002", "t003", "t004", "t005", "t006"]
    assert app.browser.get("/graph?task=nothing").status_code == 404


def test_an_overview_reads_no_complete_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MAX_BOXES", 4)
    app = many(6)
    monkeypatch.setattr(TableDefinitions, "all", lambda *_, **__: pytest.fail("it reads all"))

    assert app.browser.get("/graph").status_code == 200
