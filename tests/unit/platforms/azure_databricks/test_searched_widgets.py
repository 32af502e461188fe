"""Tests of parameters in SQL, Scala and R, and of reads without a widget."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.cells import Language
from polysync_core.platforms.azure_databricks.notebook_source.searched_widgets import (
    MAX_SEARCHED_LENGTH,
)
from polysync_core.platforms.azure_databricks.notebook_source.tokens import tokens_of
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of

LANGUAGES = [Language.SQL, Language.SCALA, Language.R, Language.PYTHON]


def read(text: str, kind: str) -> tuple[dict[str, object], str]:
    header = {"sql": "--", "scala": "//"}.get(kind, "#")
    source = f"{header} Databricks notebook source\n{text}"
    schema = widgets_of(ExportedNotebook(source, kind))
    found: dict[str, object] = {each.name: each.default for each in schema.parameters}
    return found, "; ".join(schema.notes)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t WHERE d = :p",
        "SELECT * FROM t LIMIT :p",
        "SELECT * FROM IDENTIFIER(:p)",
        "SELECT :p::date",
        "SELECT * FROM t WHERE d = ${p}",
        "SELECT * FROM t_${ p }",
        "SELECT * FROM t WHERE d = $p",
        r"SELECT 'it\'s' /* a ' */, :p -- '",
        "SELECT 'it''s', :p",
        "/* outer /* inner */ :no */ SELECT :p",
    ],
)
def test_a_marker_of_sql_is_a_parameter(sql: str) -> None:
    assert read(sql, "sql") == ({"p": None}, "")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT raw:owner, `raw`:owner, f(x):owner, a[0]:owner FROM t",
        "SELECT x::int",
        "-- WHERE d = :p and ${p} and $p",
        "/* :p ${p} */ SELECT 1",
        "/* :p ${p}",
        "SELECT ':p', \":p\", `:p`",
        "SELECT '$p at 10:p'",
        "CREATE FUNCTION f() RETURNS INT LANGUAGE PYTHON AS $$ return {1: x}[:p] $$",
        "lbl: BEGIN END",
        "SELECT $1",
    ],
)
def test_other_text_of_sql_is_no_parameter(sql: str) -> None:
    assert read(sql, "sql") == ({}, "")


def test_uncertain_reads_of_sql_are_notes() -> None:
    parameters, notes = read("SELECT '${p}_x', getArgument('q'), ${spark.day}", "sql")
    assert parameters == {"p": None}
    assert all(each in notes for each in ("reads q,", "${spark.day}"))


def test_a_created_widget_keeps_its_default_though_a_marker_reads_it() -> None:
    sql = "CREATE WIDGET TEXT p DEFAULT 'x;--y';\nSELECT :p, :q"
    assert read(sql, "sql") == ({"p": "x;--y", "q": None}, "")


def test_a_marker_in_a_sql_cell_of_a_python_notebook_counts() -> None:
    assert read("# MAGIC %sql\n# MAGIC SELECT :p", "py")[0] == {"p": None}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('val e = dbutils.widgets.get("env")', "scala"),
        ('val e = dbutils.widgets.get("""env""")', "scala"),
        ('val e = getArgument("env", "dev")', "scala"),
        ('x <- dbutils.widgets.get("env")', "r"),
        ("x <- getArgument('env')", "r"),
        ('x <- getArgument(r"(env)")', "r"),
        ('y = getArgument("env")', "py"),
        ('y = getArgument("env"', "py"),
    ],
)
def test_a_read_without_a_widget_is_a_note(text: str, kind: str) -> None:
    parameters, notes = read(text, kind)
    assert parameters == {}
    assert "the notebook reads env, but creates no widget with this name" in notes


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ('dbutils.widgets.text("""run_date""","""x""")', {"run_date": "x"}),
        ('dbutils.widgets.text("a", "b", "c")', {"a": "b"}),
        ('dbutils . widgets\n.text(name = "a", defaultValue = "b")', {"a": "b"}),
        ('dbutils.widgets.text("a", "http://x // y")', {"a": "http://x // y"}),
        ("""val c = '"'; dbutils.widgets.text("a", "b")""", {"a": "b"}),
        ('// dbutils.widgets.text("a", "b")', {}),
        ('val s = """dbutils.widgets.text("a", "b")"""', {}),
        (r'val s = "dbutils.widgets.text(\"a\", 1)"', {}),
        ('/* /* */ dbutils.widgets.text("a", "b") */', {}),
    ],
)
def test_literal_calls_of_scala_are_widgets(call: str, found: dict[str, object]) -> None:
    assert read(call, "scala") == (found, "")


@pytest.mark.parametrize("name", ['s"x$y"', '"x" + y', "x"])
def test_a_computed_name_is_a_note(name: str) -> None:
    parameters, notes = read(f'dbutils.widgets.text({name}, "")', "scala")
    assert parameters == {}
    assert "computed name" in notes


def test_a_computed_default_is_a_note() -> None:
    parameters, notes = read('dbutils.widgets.text("a", "b" + c)', "scala")
    assert parameters == {"a": None}
    assert "default of a is computed" in notes


def test_a_comment_of_r_after_code_hides_a_call() -> None:
    assert read('x <- 1 # dbutils.widgets.text("a", "b")', "r") == ({}, "")


def test_a_cell_that_is_too_long_is_noted() -> None:
    parameters, notes = read("SELECT :p" + " " * MAX_SEARCHED_LENGTH + ":q", "sql")
    assert list(parameters) == ["p"]
    assert "only the first 1000000 characters" in notes


HARD = ['"', "'", '"' * 3, "'" * 3, "/*", "$$", "${", "`", "\\", 'r"(', ":", "a", "''", "*/", "a:"]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", HARD)
def test_the_cost_is_linear(language: Language, part: str) -> None:
    text = part * (40_000 // len(part))

    def is_fast() -> bool:
        started = time.process_time()
        assert len(list(tokens_of(text, language))) <= len(text)
        return time.process_time() - started < 0.5

    # A busy machine may disturb one measurement.
    assert any(is_fast() for _ in range(3))


@given(st.text(alphabet="\"'`$#{}/*-:\\\n rsap(.,)=", max_size=60))
def test_every_text_is_split(text: str) -> None:
    for language in LANGUAGES:
        assert sum(len(each.value) for each in tokens_of(text, language)) <= len(text)
