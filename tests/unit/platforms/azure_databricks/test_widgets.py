"""Tests of the parameters that are read from the widgets of a notebook."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of

HEADER = "# Databricks notebook source\n"


def read(text: str, kind: str = "py") -> tuple[dict[str, object], tuple[str, ...]]:
    schema = widgets_of(ExportedNotebook(text, kind))
    return {parameter.name: parameter.default for parameter in schema.parameters}, schema.notes


def python(body: str) -> tuple[dict[str, object], tuple[str, ...]]:
    return read(HEADER + body)


def test_each_kind_of_widget_becomes_a_parameter_in_its_order() -> None:
    parameters, notes = python(
        'dbutils.widgets.text("run_date", "2026-01-01", "Run date")\n'
        "dbutils.widgets.dropdown('env', 'dev', ['dev', 'prd'])\n"
        'dbutils.widgets.combobox(name="region", defaultValue="eu", choices=["eu"])\n'
        'dbutils.widgets.multiselect("days", "mon", ["mon"])\n'
        'dbutils.widgets.text("bare")\n'
        'dbutils.widgets.text(\n    "spread",\n    "over\\tlines",\n)\n'
    )

    assert list(parameters.items()) == [
        ("run_date", "2026-01-01"),
        ("env", "dev"),
        ("region", "eu"),
        ("days", "mon"),
        ("bare", None),
        ("spread", "over\tlines"),
    ]
    assert notes == ()


def test_text_that_resembles_a_widget_is_ignored() -> None:
    parameters, _ = python(
        '# dbutils.widgets.text("commented", "")\n'
        '"""dbutils.widgets.text("documented", "")"""\n'
        "print(\"dbutils.widgets.text('printed', 1)\")\n"
        'dbutils.widgets.remove("gone")\n'
        "dbutils.widgets.removeAll()\n"
    )

    assert parameters == {}


def test_variables_with_certain_values_are_resolved() -> None:
    parameters, notes = python(
        'NAME = "run_date"\nDEFAULT = "today"\nw = dbutils.widgets\nw.text(NAME, DEFAULT)\n'
    )

    assert parameters == {"run_date": "today"}
    assert notes == ()


@pytest.mark.parametrize(
    "body",
    [
        'for name in names():\n    dbutils.widgets.text(name, "")\n',
        'dbutils.widgets.text("a" + suffix, "")\n',
        'dbutils.widgets.text(f"{p}_date", "")\n',
        "dbutils.widgets.text(*arguments)\n",
        'NAME = "a"\nNAME = "b"\ndbutils.widgets.text(NAME, "")\n',
        "[dbutils.widgets.text(n, '') for n in names]\n",
    ],
)
def test_a_computed_name_is_noted_and_not_guessed(body: str) -> None:
    parameters, notes = python(body)

    assert parameters == {}
    assert "computed name" in notes[0]


@pytest.mark.parametrize(
    ("body", "block"),
    [
        ('if debug:\n    dbutils.widgets.text("a", "1")\n', "a condition"),
        ('try:\n    dbutils.widgets.text("a", "1")\nexcept E:\n    pass\n', "a condition"),
        ('while True:\n    dbutils.widgets.text("a", "1")\n', "a loop"),
        ('def setup():\n    dbutils.widgets.text("a", "1")\nsetup()\n', "a function"),
    ],
)
def test_a_conditional_widget_is_included_with_a_note(body: str, block: str) -> None:
    parameters, notes = python(body)

    assert parameters == {"a": "1"}
    assert notes == (f"a is created inside {block}",)


def test_a_computed_default_is_left_empty_and_noted() -> None:
    parameters, notes = python('dbutils.widgets.text("day", str(date.today()))\n')

    assert parameters == {"day": None}
    assert notes == ("the default of day is computed: set it by hand",)


def test_a_value_that_is_read_without_a_widget_is_noted() -> None:
    parameters, notes = python(
        'dbutils.widgets.text("a", "")\ndbutils.widgets.get("a")\ndbutils.widgets.get("b")\n'
    )

    assert parameters == {"a": ""}
    assert notes == ("the notebook reads b, but creates no widget with this name",)


def test_the_first_of_two_defaults_counts() -> None:
    parameters, notes = python('dbutils.widgets.text("a", "1")\ndbutils.widgets.text("a", "2")\n')

    assert parameters == {"a": "1"}
    assert "twice" in notes[0]


def test_magic_commands_are_stripped_and_other_languages_have_their_own_rules() -> None:
    parameters, notes = python(
        "# MAGIC %md\n# MAGIC dbutils.widgets.text('prose', '')\n"
        "# COMMAND ----------\n"
        "# MAGIC %pip install pandas\n"
        "# COMMAND ----------\n"
        "# MAGIC %run ./setup\n"
        "# COMMAND ----------\n"
        "# MAGIC %sql\n# MAGIC CREATE WIDGET TEXT region DEFAULT 'eu'\n"
        "# COMMAND ----------\n"
        '# MAGIC %scala\n# MAGIC dbutils.widgets.text("scala_one", "1")\n'
        "# COMMAND ----------\n"
        'dbutils.widgets.text("a", "")\n'
    )

    assert parameters == {"region": "eu", "scala_one": "1", "a": ""}
    assert notes == ("the notebook runs ./setup; its widgets are not included",)


def test_an_invalid_python_cell_is_searched_and_noted() -> None:
    parameters, notes = python(
        'print "old"\n# dbutils.widgets.text("no", "")\ndbutils.widgets.text("a", "1")\n'
    )

    assert parameters == {"a": "1"}
    assert "check its parameters" in notes[0]


def test_invalid_escapes_cause_no_warning() -> None:
    parameters, notes = python('pattern = "\\d+"\ndbutils.widgets.text("a", "\\w")\n')

    assert (parameters, notes) == ({"a": "\\w"}, ())


def test_a_notebook_in_sql_is_described() -> None:
    parameters, _ = read(
        "-- Databricks notebook source\n"
        'CREATE WIDGET DROPDOWN state DEFAULT "CA" CHOICES SELECT * FROM s;\n'
        "-- CREATE WIDGET TEXT commented DEFAULT 'x'\n"
        "-- COMMAND ----------\n"
        "create widget text `run date` default 'it\\'s';\n"
        "CREATE WIDGET TEXT bare;\n"
        "-- COMMAND ----------\n"
        '-- MAGIC %python\n-- MAGIC dbutils.widgets.text("p", "1")\n',
        "sql",
    )

    assert parameters == {"state": "CA", "run date": "it's", "bare": None, "p": "1"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('// Databricks notebook source\ndbutils.widgets.text("a", "1", "A")\n', "scala"),
        ('# Databricks notebook source\ndbutils.widgets.text("a", "1")\n', "r"),
        ('// Databricks notebook source\ndbutils.widgets.text("a", "1")\n', ""),
        ('# Databricks notebook source\r\ndbutils.widgets.text("a", "1")\r\n', ""),
    ],
)
def test_notebooks_in_other_languages_are_described(text: str, kind: str) -> None:
    assert read(text, kind)[0] == {"a": "1"}


def test_a_jupyter_document_is_read() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["dbutils.widgets.text('no', '')"]},
        {"cell_type": "code", "source": ["%pip install x\n", 'dbutils.widgets.text("a", "1")\n']},
        {"cell_type": "code", "source": '!ls\ndbutils.widgets.text("b", "2")'},
        {"cell_type": "code", "source": ["%sql\n", "CREATE WIDGET TEXT c DEFAULT '3'"]},
        {"cell_type": "code", "source": 7},
        "not a cell",
    ]

    parameters, _ = read(json.dumps({"cells": cells, "metadata": {}}), "ipynb")

    assert parameters == {"a": "1", "b": "2", "c": "3"}


def test_a_too_long_name_is_left_out() -> None:
    parameters, notes = python(f'dbutils.widgets.text("{"x" * 256}", "")\n')

    assert parameters == {}
    assert "too long" in notes[0]


@given(st.text(), st.sampled_from(["py", "sql", "scala", "r", "ipynb", ""]))
def test_no_text_raises_an_error(text: str, kind: str) -> None:
    read(text, kind)


@pytest.mark.parametrize(
    "text", ["(" * 50_000, "-" * 100_000 + "1", "{" * 100_000, "a." * 50_000 + "b"]
)
def test_extreme_nesting_raises_no_error(text: str) -> None:
    assert read(HEADER + text)[0] == {}


@pytest.mark.slow
def test_unclosed_comments_have_linear_cost() -> None:
    assert read("-- Databricks notebook source\n" + "/*" * 300_000, "sql")[0] == {}
