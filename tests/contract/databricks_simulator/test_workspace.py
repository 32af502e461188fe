"""The workspace API, verified by the official client."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.workspace import ExportFormat, Language, ObjectType


def test_the_root_lists_the_mounts(databricks: WorkspaceClient) -> None:
    assert {"/etl", "/tests"} <= {found.path for found in databricks.workspace.list("/")}


def test_a_folder_lists_notebooks_without_suffix_and_files_with(
    databricks: WorkspaceClient,
) -> None:
    found = {item.path: item.object_type for item in databricks.workspace.list("/tests")}

    assert found["/tests/echo"] is ObjectType.NOTEBOOK
    assert found["/tests/library.py"] is ObjectType.FILE
    assert found["/tests/nested"] is ObjectType.DIRECTORY


def test_a_recursive_list_finds_nested_notebooks(databricks: WorkspaceClient) -> None:
    found = [item.path for item in databricks.workspace.list("/tests", recursive=True)]

    assert "/tests/nested/deep" in found


def test_an_empty_folder_lists_nothing(databricks: WorkspaceClient) -> None:
    assert list(databricks.workspace.list("/tests/empty")) == []


def test_a_list_of_a_notebook_returns_the_notebook(databricks: WorkspaceClient) -> None:
    assert [item.path for item in databricks.workspace.list("/tests/echo")] == ["/tests/echo"]


@pytest.mark.parametrize("path", ["/tests/echo", "/Workspace/tests/echo"])
def test_the_status_of_a_notebook_has_its_language(databricks: WorkspaceClient, path: str) -> None:
    status = databricks.workspace.get_status(path)

    assert (status.path, status.language) == ("/tests/echo", Language.PYTHON)


def test_source_exports_are_the_file_itself(databricks: WorkspaceClient, notebooks: Path) -> None:
    export = databricks.workspace.export("/tests/echo", format=ExportFormat.SOURCE)

    assert base64.b64decode(export.content or "") == (notebooks / "echo.py").read_bytes()
    assert export.file_type == "py"


def test_jupyter_exports_have_markdown_and_code_cells(databricks: WorkspaceClient) -> None:
    export = databricks.workspace.export("/tests/echo", format=ExportFormat.JUPYTER)

    notebook: dict[str, Any] = json.loads(base64.b64decode(export.content or ""))
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "code"]
    assert "".join(notebook["cells"][0]["source"]) == "## Echo"
    assert "dbutils.widgets.dropdown" in "".join(notebook["cells"][1]["source"])


def test_a_jupyter_document_is_a_notebook_with_a_source_form(
    databricks: WorkspaceClient, notebooks: Path
) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["title"]},
        {"cell_type": "code", "source": "%sql\nSELECT 1"},
        {"cell_type": "code", "source": ["x = 1"]},
    ]
    document = json.dumps({"nbformat": 4, "cells": cells})
    (notebooks / "nested" / "drawn.ipynb").write_text(document, encoding="utf-8")

    export = databricks.workspace.export("/tests/nested/drawn", format=ExportFormat.JUPYTER)

    assert base64.b64decode(export.content or "").decode() == document
    source = databricks.workspace.export("/tests/nested/drawn", format=ExportFormat.SOURCE)
    assert source.file_type == "py"
    assert base64.b64decode(source.content or "").decode() == (
        "# Databricks notebook source\n# MAGIC %md\n# MAGIC title\n\n# COMMAND ----------\n\n"
        "# MAGIC %sql\n# MAGIC SELECT 1\n\n# COMMAND ----------\n\nx = 1"
    )
    status = databricks.workspace.get_status("/tests/nested/drawn")
    assert status.object_type is ObjectType.NOTEBOOK


def test_a_direct_download_is_the_bare_content(
    databricks: WorkspaceClient, notebooks: Path
) -> None:
    with databricks.workspace.download("/tests/echo") as content:
        assert content.read() == (notebooks / "echo.py").read_bytes()


@pytest.mark.parametrize("path", ["/tests/absent", "/absent", "/tests/echo.py", "/tests/echo/x"])
def test_an_unknown_path_does_not_exist(databricks: WorkspaceClient, path: str) -> None:
    with pytest.raises(ResourceDoesNotExist):
        databricks.workspace.get_status(path)
    with pytest.raises(ResourceDoesNotExist):
        databricks.workspace.export(path)
    with pytest.raises(ResourceDoesNotExist):
        list(databricks.workspace.list(path))


@pytest.mark.parametrize("path", ["tests/echo", "/tests/../etl", "/tests/a\nb"])
def test_an_invalid_path_is_refused(databricks: WorkspaceClient, path: str) -> None:
    with pytest.raises(InvalidParameterValue):
        databricks.workspace.get_status(path)


def test_the_caller_and_the_compute_can_be_read(databricks: WorkspaceClient) -> None:
    assert databricks.current_user.me().active
    assert databricks.clusters.list_node_types().node_types
    assert databricks.clusters.get("0101-120000-lakehse1").spark_version


def test_an_unknown_cluster_does_not_exist(databricks: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist):
        databricks.clusters.get("0101-000000-absent")


@pytest.mark.parametrize("token", ["dapi-refused", "dapi-forbidden"])
def test_a_refused_token_is_a_403(simulator: Any, token: str) -> None:
    with pytest.raises(PermissionDenied):
        simulator.client(token).current_user.me()


def test_a_request_without_a_token_is_a_401(simulator: Any) -> None:
    answer = requests.get(f"{simulator.url}/api/2.0/preview/scim/v2/Me", timeout=60)

    assert answer.status_code == 401
    assert answer.json()["error_code"] == "401"


def test_an_unknown_endpoint_is_a_404(databricks: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="No API found"):
        databricks.api_client.do("GET", "/api/2.0/absent")
