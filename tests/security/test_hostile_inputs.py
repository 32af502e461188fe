"""Hostile texts cost time in proportion to their length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from polysync_core.domain.errors import Invalid
from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.azure_functions.routes import Route

ENOUGH = 0.2
"""Seconds from which the growth of the time is judged; less is noise."""


def seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def assert_linear(work: Callable[[int], object], size: int) -> None:
    """Check that four times the input takes at most about four times the time."""
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
