"""The layout of boxes and edges, for graphs of any shape."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.picture.layers import Bend, assign_layers
from polysync_core.picture.layout import BoxSizes, Drawing, draw

pytestmark = pytest.mark.slow

MEASURES = BoxSizes(width=100, height=40, layer_gap=50, box_gap=10)

type Shape = tuple[list[str], list[tuple[str, str]]]


@st.composite
def shapes(draw: st.DrawFn, most: int = 14) -> Shape:
    """Generate names and edges, each from an earlier name to a later one."""
    names = [f"t{number}" for number in range(draw(st.integers(0, most)))]
    possible = list(combinations(names, 2))
    edges = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    return draw(st.permutations(names)), edges


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return (
        abs(one[0] - other[0]) < MEASURES.width - 0.01
        and abs(one[1] - other[1]) < MEASURES.height - 0.01
    )


@given(shapes())
def test_boxes_do_not_overlap_and_every_edge_runs_forwards(shape: Shape) -> None:
    names, edges = shape
    drawing = draw(names, edges, MEASURES)

    assert set(drawing.boxes) == set(names)
    assert not any(overlap(*pair) for pair in combinations(drawing.boxes.values(), 2))
    assert set(drawing.routes) == set(edges)
    for (upstream, downstream), points in drawing.routes.items():
        left, right = drawing.boxes[upstream], drawing.boxes[downstream]
        assert points[0] == pytest.approx((left[0] + MEASURES.width, left[1] + 20))
        assert points[-1] == pytest.approx((right[0], right[1] + 20))
        assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert_inside(drawing)


def assert_inside(drawing: Drawing) -> None:
    """Assert that every box is within the size of the drawing."""
    for x, y in drawing.boxes.values():
        assert -0.01 <= x <= drawing.width - MEASURES.width + 0.01
        assert -0.01 <= y <= drawing.height - MEASURES.height + 0.01


@given(shapes())
def test_an_edge_over_several_layers_does_not_cross_a_box(shape: Shape) -> None:
    drawing = draw(*shape, MEASURES)
    for points in drawing.routes.values():
        for (x, y), _ in zip(points[1:-1:2], points[2::2], strict=False):
            for left, top in drawing.boxes.values():
                within = top - 0.01 < y < top + MEASURES.height + 0.01
                assert not (abs(left - x) < 0.01 and within)


@given(shapes())
def test_the_layout_is_deterministic(shape: Shape) -> None:
    assert draw(*shape, MEASURES) == draw(*shape, MEASURES)


@given(shapes())
def test_a_node_is_one_layer_after_its_last_upstream_node(shape: Shape) -> None:
    names, edges = shape
    rows = assign_layers(names, edges).rows
    layer = {spot: number for number, row in enumerate(rows) for spot in row}
    for name in names:
        above = [layer[one] for one, other in edges if other == name]
        assert layer[name] == max(above, default=-1) + 1
    for spot, number in layer.items():
        assert not isinstance(spot, Bend) or spot.layer == number


def test_a_chain_is_a_straight_line() -> None:
    names = [f"t{number}" for number in range(6)]
    boxes = draw(names, list(pairwise(names)), MEASURES).boxes
    assert {y for _, y in boxes.values()} == {0}
    assert [x for x, _ in boxes.values()] == [0, 150, 300, 450, 600, 750]


def test_a_node_is_centred_on_its_downstream_nodes() -> None:
    names = ["root", "a", "b", "c", "join"]
    edges = [("root", each) for each in "abc"] + [(each, "join") for each in "abc"]
    boxes = draw(names, edges, MEASURES).boxes
    assert boxes["root"][1] == pytest.approx(boxes["b"][1])
    assert boxes["join"][1] == pytest.approx(boxes["b"][1])


def test_connected_components_are_below_each_other() -> None:
    boxes = draw(["a", "b", "y", "x"], [("a", "x"), ("b", "y")], MEASURES).boxes
    assert (boxes["a"][1] < boxes["b"][1]) is (boxes["x"][1] < boxes["y"][1])


def test_avoidable_crossings_are_removed() -> None:
    names = ["root", "a", "b", "y", "x"]
    edges = [("root", "a"), ("root", "b"), ("a", "x"), ("b", "y")]
    boxes = draw(names, edges, MEASURES).boxes
    assert (boxes["a"][1] < boxes["b"][1]) is (boxes["x"][1] < boxes["y"][1])


def test_nodes_without_edges_form_a_grid() -> None:
    boxes = draw([f"t{number}" for number in range(6)], [], MEASURES).boxes
    assert len({x for x, _ in boxes.values()}) == 4
    assert len({y for _, y in boxes.values()}) == 2


def test_a_graph_with_a_cycle_is_drawn() -> None:
    drawing = draw(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")], MEASURES)
    assert set(drawing.boxes) == {"a", "b", "c"}
    assert len(drawing.routes) == 2


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param([(n, n + 1) for n in range(199)], id="a chain of 200"),
        pytest.param([(0, n) for n in range(1, 199)] + [(n, 199) for n in range(1, 199)], id="fan"),
        pytest.param([(n, m) for n in range(200) for m in range(n + 1, 200)], id="everything"),
    ],
)
def test_two_hundred_nodes_are_drawn(edges: list[tuple[int, int]]) -> None:
    names = [f"t{number}" for number in range(200)]
    drawing = draw(names, [(f"t{one}", f"t{other}") for one, other in edges], MEASURES)
    assert len(drawing.boxes) == 200
    assert len(drawing.routes) == len(edges)
    assert_inside(drawing)


def test_only_the_gap_with_a_long_label_grows() -> None:
    names = ["a", "b", "c", "d"]
    boxes = draw(names, list(pairwise(names)), MEASURES, {("b", "c"): 200, ("c", "d"): 20}).boxes
    assert [boxes[name][0] for name in names] == [0, 150, 450, 600]


def test_a_long_edge_has_its_label_before_its_last_box() -> None:
    names = ["a", "b", "c"]
    edges = [*pairwise(names), ("a", "c")]
    drawing = draw(names, edges, MEASURES, {("a", "c"): 90})
    assert [drawing.boxes[name][0] for name in names] == [0, 150, 340]
    (x1, _), (x2, _) = drawing.routes["a", "c"][-2:]
    assert x2 - x1 == 90
    assert_inside(drawing)


def test_components_have_gaps_of_their_own() -> None:
    edges = [("a", "b"), ("c", "d")]
    boxes = draw(["a", "b", "c", "d"], edges, MEASURES, {("a", "b"): 70}).boxes
    assert (boxes["b"][0], boxes["d"][0]) == (170, 150)
