"""Hostile texts cost time in proportion to their length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.azure_functions.routes import Route
from polysync_core.platforms.connector import ArtefactSchema

ENOUGH = 0.2
"""Seconds from which the growth of the time is judged; less is noise."""


def seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Check that four times the input takes at most about four times the time."""
    if seconds(lambda: work(4 * size)) < ENOUGH:
        return
    small = min(seconds(lambda: work(size)) for _ in range(2))
    large = min(seconds(lambda: work(4 * size)) for _ in range(2))
    assert large < ENOUGH or large <= 8 * small


def notebook(kind: str, text: str) -> Callable[[int], object]:
    return lambda count: widgets_of(ExportedNotebook(text * count + "x", kind))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["r", "py", "sql", "scala"])
@pytest.mark.parametrize(
    "text",
    [
        "\n",
        " \n",
        "\r\n",
        "\t",
        "#\n",
        "# \x0b\x0c\n",
        "--",
        "/*",
        "//",
        "*/\n",
        '"',
        "\\",
        "dbutils.widgets.text(",
        "dbutils.widgets.text('",
        'dbutils.widgets.text("a", ',
        "dbutils . ",
        "CREATE WIDGET TEXT `",
        "CREATE WIDGET TEXT a DEFAULT '",
        "CREATE ",
        "# COMMAND ----------\n",
        "# COMMAND -",
        "-- MAGIC %r\n",
        "# MAGIC %python\n",
        "// MAGIC",
        "%",
        "(",
        "f'{",
        "a.",
        "-",
        "lambda:",
        "not ",
        "if x:\n",
        "x=",
    ],
)
def test_the_cost_of_a_notebook_is_linear(kind: str, text: str) -> None:
    assert_linear(notebook(kind, text), 20_000 // len(text))


@pytest.mark.parametrize(
    "template",
    [
        "{{a{}?x",
        "{{a{}=",
        "{{a{}?",
        "{{a{}",
    ],
)
@pytest.mark.parametrize("pump", [":", ":a", "::", "(", ":min(1)", "{a:", "}", "*", "a"])
def test_the_cost_of_a_function_route_is_linear(template: str, pump: str) -> None:
    def parse(count: int) -> None:
        with pytest.raises(Invalid):
            Route.parse(template.format(pump * count), path="externalId")

    assert_linear(parse, 10_000)


@pytest.mark.parametrize(
    ("part", "constraint"),
    [
        ("{id:int:min(1)=5}", ":int:min(1)"),
        ("{x:regex(^a:b$)?}", ":regex(^a:b$)"),
        ("{x::int}", "::int"),
    ],
)
def test_constraints_of_a_route_are_read(part: str, constraint: str) -> None:
    (placeholder,) = Route.parse(part, path="externalId").placeholders

    assert placeholder.name == part[1:].split(":")[0]
    assert placeholder.optional is part.endswith(("?}", "=5}"))
    assert (placeholder.data_type == "Int") is ("int" in constraint)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "in_cells"),
    [("x;", True), ("[[[[x]]]]\n", True), ("f'{x}' ", True), ("x\n", False), ("x:x=x\n", False)],
)
def test_the_parser_of_a_large_notebook_is_bounded(text: str, in_cells: bool) -> None:
    cell = text * (50_000 // len(text)) + ("\n# COMMAND ----------\n" if in_cells else "")
    whole = 'dbutils.widgets.text("first", "1")\n' + cell * 48

    found: list[ArtefactSchema] = []
    spent = seconds(lambda: found.append(widgets_of(ExportedNotebook(whole, "py"))))

    assert spent < 6
    assert [each.name for each in found[0].parameters] == ["first"]
    assert any("500000" in note for note in found[0].notes)


def test_widgets_of_a_cell_that_is_too_long_are_found_by_search() -> None:
    cell = 'dbutils.widgets.text("found", "x")\n' + "y = 1\n" * 40_000

    schema = widgets_of(ExportedNotebook(cell, "py"))

    assert [(each.name, each.default) for each in schema.parameters] == [("found", "x")]
    assert len(schema.notes) == 1


def test_the_notes_of_a_notebook_are_limited() -> None:
    text = "\n".join(f'dbutils.widgets.get("n{number}")' for number in range(500))

    schema = widgets_of(ExportedNotebook(text, "py"))

    assert len(schema.notes) == 51
    assert schema.notes[-1] == "and 450 more notes"


@pytest.mark.parametrize(
    "value",
    [
        "a/b",
        "..",
        ".",
        "..%2F..%2Fadmin%2Fhost%2Fkeys",
        "%2e%2e",
        "%252e%252e%252fadmin",
        "a%5cb",
        "a\\b",
        "%25252f",
        "%2E",
    ],
)
def test_a_value_of_one_placeholder_stays_one_part_of_the_address(value: str) -> None:
    with pytest.raises(PlatformRefused, match=r"parameters\.id"):
        Route.parse("users/{id}/day", path="externalId").fill({"id": value})


@pytest.mark.parametrize("value", ["a b", "100%", "ü", "a.b", "..a", "2026-01-01", "50%25"])
def test_other_values_of_a_placeholder_are_kept(value: str) -> None:
    assert Route.parse("users/{id}", path="externalId").fill({"id": value}) == ("users", value)
