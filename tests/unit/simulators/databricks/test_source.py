"""The Python source format of notebooks."""

from __future__ import annotations

import json

import pytest

from simulators.databricks.notebooks.source import (
    CellKind,
    is_notebook,
    read_cells,
    to_jupyter,
    to_source,
)

NOTEBOOK = """# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC text

# COMMAND ----------

# DBTITLE 1,Setting up
a = 1  # not # MAGIC

# COMMAND ----------


# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1
"""


def test_cells_are_split_and_named_without_their_prefixes() -> None:
    cells = read_cells(NOTEBOOK)

    assert [cell.kind for cell in cells] == [CellKind.MARKDOWN, CellKind.PYTHON, CellKind.MAGIC]
    assert cells[0].text == "%md\n# Title\n\ntext"
    assert cells[1].title == "Setting up"
    assert cells[2].command == "%sql"


def test_a_python_cell_keeps_its_lines() -> None:
    cell = read_cells(NOTEBOOK)[1]

    line = NOTEBOOK.splitlines().index("a = 1  # not # MAGIC") + 1
    assert cell.text.splitlines()[line - cell.first_line] == "a = 1  # not # MAGIC"


def test_a_jupyter_document_has_the_cells_and_the_name() -> None:
    notebook = to_jupyter(NOTEBOOK, name="title")

    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds == ["markdown", "code", "code"]
    assert "".join(notebook["cells"][0]["source"]) == "# Title\n\ntext"
    assert "".join(notebook["cells"][2]["source"]) == "%sql\nSELECT 1"
    assert notebook["nbformat"] == 4
    assert notebook["metadata"]["application/vnd.databricks.v1+notebook"]["notebookName"] == "title"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("# Databricks notebook source\nx", True, id="with the first line"),
        pytest.param("# Databricks notebook source\r\nx", True, id="with Windows line ends"),
        pytest.param("\n# Databricks notebook source\nx", False, id="with it further down"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_file_is_a_notebook(text: str, expected: bool) -> None:
    assert is_notebook(text) is expected


def test_an_empty_notebook_has_no_cells() -> None:
    assert read_cells("# Databricks notebook source\n") == []


def test_a_part_with_marked_and_other_lines_is_two_cells() -> None:
    text = "# Databricks notebook source\n# MAGIC %pip install x\nb = 1\n"
    magic, code = read_cells(text)

    assert (magic.kind, magic.command) == (CellKind.MAGIC, "%pip")
    assert (code.kind, code.text.splitlines()[3 - code.first_line]) == (CellKind.PYTHON, "b = 1")


@pytest.mark.parametrize(
    ("suffix", "comment", "language"),
    [(".sql", "--", "sql"), (".scala", "//", "scala"), (".r", "#", "r"), (".R", "#", "r")],
)
def test_notebooks_of_other_languages_have_both_forms(
    suffix: str, comment: str, language: str
) -> None:
    source = (
        f"{comment} Databricks notebook source\nfirst\n\n{comment} COMMAND ----------\n\n"
        f"{comment} MAGIC %python\n{comment} MAGIC x = 1"
    )

    document = to_jupyter(source, name="n", suffix=suffix)

    assert document["metadata"]["language_info"]["name"] == language
    assert document["cells"][0]["source"] == ["first"]
    text, found = to_source(json.dumps(document))
    assert found == suffix.lower()
    assert text.startswith(f"{comment} Databricks notebook source\nfirst")
