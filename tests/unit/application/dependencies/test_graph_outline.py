"""Outlines of graphs that are too large for a picture."""

from __future__ import annotations

import pytest

from polysync_core.application.dependencies import graph_outline
from polysync_core.domain.runs.run import RunStatus
from tests.unit.application.dependencies.test_graph_view import World, a_task


@pytest.fixture
def world() -> World:
    return World()


def test_an_outline_has_the_connected_parts_with_roots_and_statuses(world: World) -> None:
    world.ran("landing")
    world.ran("bronze", RunStatus.FAILED)
    outline = world.app.services.graph_outlines.outline()
    (part,) = outline.parts
    assert part.roots == ["landing"]
    assert len(part.tasks) == 6
    assert part.statuses == {RunStatus.SUCCEEDED: 1, RunStatus.FAILED: 1, None: 4}
    assert (outline.total, outline.single, outline.is_complete) == (7, 1, True)
    assert ("silver", "gold") in outline.edges


def test_tasks_are_found_by_tag(world: World) -> None:
    world.app.define(
        a_task("a", tags={"layer": "gold", "team": "x"}),
        a_task("b", tags={"layer": "bronze"}),
        a_task("c", tags={"layer": "gold"}),
    )
    outline = world.app.services.graph_outlines.outline()
    assert outline.tagged("layer=gold") == ["a", "c"]
    assert sorted(outline.tagged("layer")) == ["a", "b", "c"]
    assert outline.tagged("team=y") == []
    found = [(group.name, group.value, list(group.tasks)) for group in outline.groups]
    assert found[0] == ("layer", "bronze", ["b"])


def test_readers_share_an_outline_for_some_seconds(world: World) -> None:
    outlines = world.app.services.graph_outlines
    first = outlines.outline()
    world.app.define(a_task("later"))
    assert outlines.outline() is first
    world.app.clock.advance(seconds=20)
    assert outlines.outline().total == first.total + 1


def test_an_outline_has_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_outline, "MAX_TASKS", 3)
    outline = world.app.services.graph_outlines.outline()
    assert not outline.is_complete
    assert outline.total <= 4
