"""Widgets that a notebook keeps in its metadata only."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from polysync_core.platforms.azure_databricks.notebook_source.saved_widgets import saved_widgets
from polysync_core.platforms.connector import ArtefactSchema
from tests.fakes.http import Reply
from tests.unit.platforms.azure_databricks.workspace import Workspace

CATALOG = {
    "currentValue": "dev",
    "typedWidgetInfo": {
        "name": "catalog",
        "defaultValue": "main",
        "label": "The catalog",
        "parameterDataType": "String",
    },
}
OLDER = {"widgetInfo": {"name": "env", "defaultValue": "dev"}}


def jupyter(source: str = "", **widgets: Any) -> str:
    metadata = {"application/vnd.databricks.v1+notebook": {"widgets": widgets}}
    return json.dumps({"cells": [{"cell_type": "code", "source": source}], "metadata": metadata})


def describe(source: str | None, document: str | None) -> tuple[ArtefactSchema, list[str]]:
    """Return the schema of a notebook, and the forms that were exported."""
    forms: list[str] = []

    def export(query: dict[str, str]) -> Any:
        forms.append(query["format"])
        text, kind = (source, "py") if query["format"] == "SOURCE" else (document, "ipynb")
        if text is None:
            return Reply.json({"error_code": "INVALID_PARAMETER_VALUE"}, 400)
        return {"content": base64.b64encode(text.encode()).decode(), "file_type": kind}

    connector = Workspace(workspace__export=export).connect()
    return connector.job("DatabricksNotebook").describe("/x"), forms


HEADER = "# Databricks notebook source\n"
READS = HEADER + "c = dbutils.widgets.get('catalog')\n"


@pytest.mark.parametrize("source", [READS, None])
def test_a_widget_of_the_user_interface_is_a_parameter(source: str | None) -> None:
    schema, _ = describe(source, jupyter("c = dbutils.widgets.get('catalog')", catalog=CATALOG))

    [found] = schema.parameters
    assert (found.name, found.default, found.description) == ("catalog", "main", "The catalog")
    assert not schema.notes


def test_a_widget_that_no_cell_reads_is_found_if_the_cells_create_none() -> None:
    schema, _ = describe("print(1)", jupyter(env=OLDER, catalog=CATALOG))

    assert [(each.name, each.default) for each in schema.parameters] == [
        ("env", "dev"),
        ("catalog", "main"),
    ]


def test_a_widget_of_the_code_wins_and_one_of_the_interface_is_added() -> None:
    own = "dbutils.widgets.text('catalog', 'own')\nc = dbutils.widgets.get('catalog')"
    schema, forms = describe(HEADER + own, jupyter(own, catalog=CATALOG, env=OLDER))

    assert [(each.name, each.default) for each in schema.parameters] == [
        ("catalog", "own"),
        ("env", "dev"),
    ]
    assert forms == ["JUPYTER"]


def test_a_workspace_without_the_jupyter_form_gives_the_source_and_a_doubt() -> None:
    schema, forms = describe(READS, None)

    assert not schema.is_complete
    assert "user interface" in schema.notes[0]
    assert "reads catalog" in schema.notes[1]
    assert forms == ["JUPYTER", "SOURCE"]


@pytest.mark.slow
def test_a_jupyter_form_that_is_too_large_gives_the_source_and_a_doubt() -> None:
    outputs = "x" * 26_000_000
    schema, forms = describe(HEADER + "dbutils.widgets.text('a', '')", jupyter(outputs))

    assert [each.name for each in schema.parameters] == ["a"]
    assert "user interface" in schema.notes[0]
    assert forms[-1] == "SOURCE"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[1]",
        "[" * 100_000,
        '{"metadata": 7}',
        '{"metadata": {"application/vnd.databricks.v1+notebook": {"widgets": [1]}}}',
    ],
)
def test_another_text_has_no_saved_widgets(document: str) -> None:
    assert saved_widgets(document) == []


def test_broken_entries_keep_the_name_of_their_key() -> None:
    found = saved_widgets(jupyter(a=7, b={"typedWidgetInfo": {"defaultValue": 5}}))

    assert [(each.name, each.default) for each in found] == [("a", None), ("b", None)]
    assert [len(each.notes) for each in found] == [0, 1]


@pytest.mark.parametrize(
    ("label", "description"),
    [("a\u202eb", "a b"), ("first\nsecond", "first second"), ("x" * 5000, "x" * 1999 + "…")],
)
def test_a_label_becomes_a_description_of_one_printable_line(label: str, description: str) -> None:
    widget = {"typedWidgetInfo": {"name": "catalog", "defaultValue": "main", "label": label}}

    schema, _ = describe(READS, jupyter("", catalog=widget))

    assert [each.description for each in schema.parameters] == [description]
