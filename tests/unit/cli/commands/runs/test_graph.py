"""`polysync graph`."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, problem
from tests.unit.cli.graphs import PIPELINE, a_node, an_edge

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def a_pipeline(api: FakeApi) -> None:
    api.on("GET", "/graph", Answer(PIPELINE))


def test_a_tree_shows_each_task_once_and_only_names_it_elsewhere(polysync: Invoke) -> None:
    assert polysync("graph").stdout.splitlines() == [
        "landing  Succeeded  2026-01-02 06:03:00Z  next 2026-01-03 06:00Z",
        "├── bronze  Failed  2026-01-02 06:03:00Z",
        "│   ├── [OnFailure] alert  Succeeded  2026-01-02 06:03:00Z",
        "│   └── gold  Skipped  2026-01-02 06:03:00Z",
        "└── rates  Succeeded  2026-01-02 06:03:00Z",
        "    └── gold (see above)",
        "retired  no run  disabled",
    ]


def test_a_table_has_a_line_for_each_task(polysync: Invoke) -> None:
    lines = polysync("graph", "--format", "table").stdout.splitlines()
    assert lines[0].split() == ["Task", "Job", "Last", "run", "Finished", "Next", "Waits", "for"]
    assert "bronze (OnFailure)" in next(line for line in lines if line.startswith("alert"))
    assert "bronze, rates" in next(line for line in lines if line.startswith("gold"))


def test_the_task_and_the_graph_run_are_sent(api: FakeApi, polysync: Invoke) -> None:
    polysync("graph", "gold", "--graph-run", "r-1")
    (request,) = api.requests_of("GET", "/graph")
    assert request.query == {"task": "gold", "graphRunId": "r-1"}


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("a.svg", [], "<svg "),
        ("a.mmd", [], "flowchart LR"),
        ("a.txt", ["--format", "mermaid"], "flowchart LR"),
        ("A.SVG", [], "<svg "),
    ],
)
def test_a_picture_is_written_to_a_file(
    polysync: Invoke, tmp_path: Path, name: str, options: list[str], start: str
) -> None:
    file = tmp_path / name
    result = polysync("graph", "-o", str(file), *options)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert file.read_text().startswith(start)


def test_without_a_file_the_picture_goes_to_standard_output(polysync: Invoke) -> None:
    assert polysync("graph", "--format", "svg").stdout.endswith("</svg>\n")


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        pytest.param(["-o", "a.txt"], "ends in .svg or .mmd", id="a file without a known format"),
        pytest.param(["-o", "a.svg", "--format", "tree"], "svg or mermaid", id="a tree in a file"),
        pytest.param(["--json", "--format", "svg"], "cannot be combined", id="two formats"),
        pytest.param(["--format", "png"], "'tree', 'table', 'mermaid'", id="an unknown format"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    api: FakeApi, polysync: Invoke, options: list[str], remedy: str
) -> None:
    result = polysync("graph", *options)
    assert result.exit_code == 2
    assert remedy in " ".join(result.stderr.replace("│", " ").split())
    assert api.requests == []


def test_a_file_that_cannot_be_written_is_an_error(polysync: Invoke, tmp_path: Path) -> None:
    result = polysync("graph", "-o", str(tmp_path / "none" / "a.svg"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr


def test_with_json_the_output_is_the_answer_of_the_api(polysync: Invoke) -> None:
    assert json.loads(polysync("graph", "--json").stdout) == PIPELINE


def test_an_unknown_task_is_an_error(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/graph", problem(404, "Not found", "There is no task 'x'."))
    result = polysync("graph", "x")
    assert result.exit_code == 1
    assert "There is no task 'x'" in result.stderr


def test_an_empty_graph_is_a_note(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/graph", Answer({"nodes": [], "edges": []}))
    result = polysync("graph")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No tasks." in result.stderr


def test_a_chain_that_is_too_deep_for_a_screen_continues_in_another_tree(
    api: FakeApi, polysync: Invoke
) -> None:
    names = [f"t{number}" for number in range(1_000)]
    edges = [an_edge(*pair) for pair in itertools.pairwise(names)]
    api.on("GET", "/graph", Answer({"nodes": [a_node(each) for each in names], "edges": edges}))
    lines = polysync("graph").stdout.splitlines()
    assert [line.split()[-3] for line in lines if line.endswith("no run")][-1] == "t999"
    assert sum(line.endswith("(see below)") for line in lines) == 58
    assert max(map(len, lines)) < 100


def test_names_cannot_control_the_terminal_or_add_markup(api: FakeApi, polysync: Invoke) -> None:
    name = "\x1b[2J[red]x[/red]"
    api.on(
        "GET",
        "/graph",
        Answer({"nodes": [a_node(name, name), a_node("b")], "edges": [an_edge("b", name, name)]}),
    )
    for form in ("tree", "table"):
        output = polysync("graph", "--format", form).stdout
        assert "\x1b" not in output
        assert "[red]x[/red]" in output


def test_a_cycle_in_the_answer_does_not_cause_an_endless_loop(
    api: FakeApi, polysync: Invoke
) -> None:
    edges = [an_edge("a", "b"), an_edge("b", "a")]
    api.on("GET", "/graph", Answer({"nodes": [a_node("a"), a_node("b")], "edges": edges}))
    assert polysync("graph").stdout.splitlines() == [
        "a  no run",
        "└── b  no run",
        "    └── a (see above)",
    ]


def test_hops_and_tags_are_sent(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/graph", Answer(PIPELINE))
    polysync("graph", "gold", "--hops", "2")
    polysync("graph", "--tag", "layer=gold")
    queries = [request.query for request in api.requests_of("GET", "/graph")]
    assert queries == [{"task": "gold", "hops": "2"}, {"tag": "layer=gold"}]


@pytest.mark.parametrize(
    "options", [["--hops", "2"], ["gold", "--tag", "a"], ["--tag", "a", "--graph-run", "r"]]
)
def test_options_that_exclude_each_other_are_refused(
    api: FakeApi, polysync: Invoke, options: list[str]
) -> None:
    assert polysync("graph", *options).exit_code == 2
    assert api.requests == []
