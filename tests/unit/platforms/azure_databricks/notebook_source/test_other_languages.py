"""Texts, comments, escapes and names of arguments in SQL, Scala and R."""

from __future__ import annotations

import pytest

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of

HEADERS = {"sql": "--", "scala": "//", "r": "#"}


def read(text: str, kind: str) -> tuple[dict[str, object], tuple[str, ...]]:
    source = f"{HEADERS[kind]} Databricks notebook source\n{text}"
    schema = widgets_of(ExportedNotebook(source, kind))
    return {each.name: each.default for each in schema.parameters}, schema.notes


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "scala",
            'dbutils.widgets.text("e", "https://acct.example.net", "E")',
            {"e": "https://acct.example.net"},
        ),
        (
            "scala",
            'dbutils.widgets.text("a", "abfss://x@y"); dbutils.widgets.text("b", "c")',
            {"a": "abfss://x@y", "b": "c"},
        ),
        (
            "scala",
            'dbutils.widgets.text("g", "/mnt/*.json")\ndbutils.widgets.text("b", "c") /* */',
            {"g": "/mnt/*.json", "b": "c"},
        ),
        ("scala", 'dbutils.widgets.text("a", """select 1""")', {"a": "select 1"}),
        ("scala", r'dbutils.widgets.text("a", "x\ty\u0041\"")', {"a": 'x\tyA"'}),
        ("scala", 'dbutils.widgets.text("a", raw"x\\ty")', {"a": "x\\ty"}),
        (
            "scala",
            'dbutils.widgets.text(label = "L", name = "n", defaultValue = "d")',
            {"n": "d"},
        ),
        ("scala", 'dbutils.widgets.dropdown("n", "d", Seq("d", "e"), "L")', {"n": "d"}),
        ("scala", 'spark.dbutils.widgets.text("n", "d")', {"n": "d"}),
        ("scala", "spark.sql(\"CREATE WIDGET TEXT n DEFAULT 'd'\")", {"n": "d"}),
        ("r", "sql('CREATE WIDGET TEXT n DEFAULT \"d\"')", {"n": "d"}),
        ("r", "dbutils.widgets.text(label = 'L', name = 'n', defaultValue = 'd')", {"n": "d"}),
        ("r", "dbutils.widgets.dropdown('n', 'd', list('d', 'e'))", {"n": "d"}),
        ("r", 'dbutils.widgets.text("n", r"[C:\\d]")', {"n": "C:\\d"}),
        (
            "sql",
            "CREATE WIDGET TEXT a DEFAULT '/mnt/*.csv'; CREATE WIDGET TEXT b DEFAULT 'x'",
            {"a": "/mnt/*.csv", "b": "x"},
        ),
        ("sql", "CREATE WIDGET TEXT a DEFAULT 'a--b'", {"a": "a--b"}),
        ("sql", "CREATE WIDGET TEXT a DEFAULT 'it''s'", {"a": "it's"}),
        ("sql", 'CREATE WIDGET TEXT a DEFAULT "say ""x"""', {"a": 'say "x"'}),
        ("sql", "CREATE WIDGET TEXT `my-n` DEFAULT 'x'", {"my-n": "x"}),
        ("sql", "CREATE /* c */ WIDGET -- c\n TEXT a /* c */ DEFAULT 'x'", {"a": "x"}),
        ("sql", "SELECT 'CREATE WIDGET TEXT ghost DEFAULT 1'", {}),
        (
            "sql",
            "-- CREATE WIDGET TEXT catalog DEFAULT 'main';\n"
            "SELECT * FROM IDENTIFIER(:catalog || '.sales') WHERE day >= '${since}'",
            {"catalog": None, "since": None},
        ),
    ],
)
def test_a_literal_is_read_with_its_quotes_and_comment_marks(
    kind: str, text: str, expected: dict[str, object]
) -> None:
    assert read(text, kind) == (expected, ())


@pytest.mark.parametrize(
    ("kind", "text", "names", "note"),
    [
        ("scala", 'dbutils.widgets.text("a", s"$x/y")', ["a"], "default of a is computed"),
        ("scala", 'dbutils.widgets.text("a", value)', ["a"], "default of a is computed"),
        ("scala", 'dbutils.widgets.text("a", "b" + "c")', ["a"], "default of a is computed"),
        ("scala", 'dbutils.widgets.text("a", """|x""".stripMargin)', ["a"], "is computed"),
        ("r", 'dbutils.widgets.text("a", 5)', ["a"], "default of a is computed"),
        ("r", "dbutils.widgets.text(paste0('a', x), '')", [], "computed name"),
        ("scala", "dbutils.widgets.get(name)", [], "reads a widget with a computed name"),
        ("scala", 'spark.sql(s"CREATE WIDGET TEXT $n")', [], "computed name"),
        ("scala", "dbutils.widgets.getAll()", [], "names are unknown"),
        (
            "scala",
            "dbutils.notebook.entry_point.getCurrentBindings()",
            [],
            "names are unknown",
        ),
        ("sql", "CREATE WIDGET TEXT my-n DEFAULT 'x'", [], "computed name"),
        ("sql", "CREATE WIDGET TEXT \"n\" DEFAULT 'x'", [], "computed name"),
        ("sql", "CREATE WIDGET TEXT 1_n DEFAULT 'x'", [], "computed name"),
        ("sql", "CREATE WIDGET ODD n DEFAULT 'x'", [], "computed name"),
        ("sql", "CREATE WIDGET TEXT n DEFAULT 10", ["n"], "default of n is computed"),
        ("sql", "CREATE WIDGET TEXT n DEFAULT ('x')", ["n"], "default of n is computed"),
        ("sql", "CREATE WIDGET TEXT n DEFAULT 10; SELECT 'x'", ["n"], "is computed"),
    ],
)
def test_a_computed_part_is_noted(kind: str, text: str, names: list[str], note: str) -> None:
    found, notes = read(text, kind)

    assert list(found) == names
    assert any(note in each for each in notes), notes
