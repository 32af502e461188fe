"""Widgets of the notebooks that `%run` names, and cells with partly marked lines."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.included import (
    Inclusion,
    included_path,
)
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.connector import ArtefactSchema
from tests.fakes.http import Reply
from tests.unit.platforms.azure_databricks.workspace import Workspace

HEADER = "# Databricks notebook source\n"
SETUP = HEADER + (
    "dbutils.widgets.text('catalog', 'main')\n"
    "dbutils.widgets.text('reset', 'true')\n"
    "dbutils.widgets.get('schema')\n"
)


def describe(main: str, **others: str) -> tuple[ArtefactSchema, list[str]]:
    """Return the schema of `/jobs/main` in a workspace, and the exported paths."""
    notebooks = {"/jobs/main": main} | {
        f"/{name.replace('__', '/')}": text for name, text in others.items()
    }
    exported: list[str] = []

    def export(query: dict[str, str]) -> Any:
        exported.append(query["path"])
        text = notebooks.get(query["path"])
        if text is None:
            return Reply.json({"error_code": "RESOURCE_DOES_NOT_EXIST"}, 404)
        if query["format"] == "JUPYTER":
            return Reply.json({"error_code": "INVALID_PARAMETER_VALUE"}, 400)
        return {"content": base64.b64encode(text.encode()).decode(), "file_type": "py"}

    schema = Workspace(workspace__export=export).connect().job("DatabricksNotebook")
    return schema.describe("/jobs/main"), exported


def names(schema: ArtefactSchema) -> dict[str, object]:
    return {each.name: each.default for each in schema.parameters}


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("# MAGIC %run ./setup", "jobs__setup"),
        ("# MAGIC %run ../lib/setup", "lib__setup"),
        ("# MAGIC %run /lib/setup", "lib__setup"),
        ('# MAGIC %run "./setup"', "jobs__setup"),
        ("# MAGIC %run setup", "jobs__setup"),
        ("%run ./setup", "jobs__setup"),
    ],
)
def test_the_widgets_of_an_included_notebook_are_parameters(command: str, path: str) -> None:
    schema, _ = describe(HEADER + command, **{path: SETUP})

    assert names(schema) == {"catalog": "main", "reset": "true"}
    assert any("reads schema" in each for each in schema.notes)


def test_the_arguments_of_the_command_are_no_parameters() -> None:
    schema, _ = describe(
        HEADER + '# MAGIC %run ./setup $reset=false $schema="a b"', jobs__setup=SETUP
    )

    assert names(schema) == {"catalog": "main"}
    assert not any("schema" in each for each in schema.notes)


def test_the_widget_of_the_caller_wins() -> None:
    own = "dbutils.widgets.text('catalog', 'own')\n# COMMAND ----------\n# MAGIC %run ./setup"
    schema, _ = describe(HEADER + own, jobs__setup=SETUP)

    assert names(schema) == {"catalog": "own", "reset": "true"}


def test_a_second_level_is_noted() -> None:
    schema, exported = describe(
        HEADER + "# MAGIC %run ./a",
        jobs__a=HEADER + "# MAGIC %run ./b",
        jobs__b=SETUP,
    )

    assert names(schema) == {}
    assert any("in ./a: the notebook runs ./b" in each for each in schema.notes)
    assert "/jobs/b" not in exported


@pytest.mark.parametrize("path", ["./missing", "../../../../etc/x\\y", "", "$x=1"])
def test_a_notebook_that_cannot_be_read_is_noted(path: str) -> None:
    schema, _ = describe(HEADER + f"# MAGIC %run {path}\n")

    assert names(schema) == {}
    assert any("its widgets are not included" in each for each in schema.notes)


def test_the_number_of_included_notebooks_is_bounded() -> None:
    schema, exported = describe(
        HEADER + "\n# COMMAND ----------\n".join(f"# MAGIC %run ./n{n}" for n in range(30))
    )

    assert len(set(exported)) == 11
    assert any("too many" in each for each in schema.notes)


def test_a_path_stays_inside_the_workspace() -> None:
    assert included_path("/jobs/main", "../../../x") == "/x"
    assert included_path("/jobs/main", "a//b/./c") == "/jobs/a/b/c"
    assert included_path("/jobs/main", "a\u202eb") is None
    assert Inclusion.of("'my path' $a = 1 $b=$c") == Inclusion("my path", frozenset({"a", "b"}))


@pytest.mark.parametrize(
    "cell",
    [
        "# MAGIC %pip install x\ndbutils.widgets.text('n', 'd')",
        "# MAGIC %md\n# MAGIC title\ndbutils.widgets.text('n', 'd')",
        "# DBTITLE 1,Read\n# MAGIC %sql\n# MAGIC CREATE WIDGET TEXT n DEFAULT 'd'",
        "dbutils.widgets.text('n', 'd')\n# MAGIC %sql SELECT 1",
        "# MAGIC %md\n# MAGIC it's\n\n# MAGIC more\ndbutils.widgets.text('n', 'd')",
        "# MAGIC %python\n# MAGIC dbutils.widgets.text('n', 'd')",
        "# MAGIC dbutils.widgets.text('n', 'd')",
    ],
)
def test_marked_and_unmarked_lines_of_a_cell_are_read(cell: str) -> None:
    schema = widgets_of(ExportedNotebook(HEADER + cell, "py"))

    assert names(schema) == {"n": "d"}
    assert schema.is_complete
