"""Discovery and description of notebooks over HTTP."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.platforms.azure_databricks.notebook_discovery import DEEPEST_FOLDER
from polysync_core.platforms.azure_databricks.plugin import open_databricks
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext


def connect(server: Any, root: str = "/") -> Connector:
    platform = Platform.model_validate(
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"},
            "attributes": {
                "workspaceUrl": server.url,
                "computeType": "Serverless",
                "defaultNotebookPath": root,
            },
        }
    )
    http = HttpOptions(transport=server.adapter, budget=server.budget, timer=server.timer)
    return open_databricks(platform, PluginContext(secrets=server, allow_loopback=True, http=http))


def entry(kind: str, path: str) -> dict[str, Any]:
    return {"object_type": kind, "path": path, "language": "PYTHON"}


@pytest.fixture
def tree(server: Any) -> Any:
    server.workspace.folders = {
        "/": [entry("DIRECTORY", "/etl"), entry("REPO", "/Repos"), entry("NOTEBOOK", "/top")],
        "/etl": [
            entry("NOTEBOOK", "/etl/sales-load"),
            entry("FILE", "/etl/data.csv"),
            entry("DIRECTORY", "/etl/empty"),
        ],
        "/etl/empty": [],
        "/Repos": [entry("NOTEBOOK", "/Repos/sales report")],
    }
    return server


def test_notebooks_are_found_in_all_folders(tree: Any) -> None:
    found = list(connect(tree).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert {artefact.external_id for artefact in found} == {
        "/top",
        "/etl/sales-load",
        "/Repos/sales report",
    }
    assert {artefact.job_type for artefact in found} == {JobType.DATABRICKS_NOTEBOOK}


def test_a_search_ignores_the_case_of_names(tree: Any) -> None:
    found = connect(tree).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK, search="SALES")

    assert {artefact.name for artefact in found} == {"sales-load", "sales report"}


def test_folders_are_read_lazily(tree: Any) -> None:
    next(connect(tree).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert len(tree.workspace.asked) == 1


def test_discovery_starts_at_the_platforms_folder(tree: Any) -> None:
    found = list(connect(tree, "/etl").artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert [artefact.external_id for artefact in found] == ["/etl/sales-load"]


@pytest.mark.parametrize("search", [None, "sales"])
def test_a_subfolder_that_cannot_be_read_is_listed_with_its_reason(
    tree: Any, search: str | None
) -> None:
    del tree.workspace.folders["/etl"]

    found = list(connect(tree).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK, search=search))

    skipped = {each.external_id: each.problem or "" for each in found if each.is_skipped}
    assert skipped.keys() == {"/etl"}
    assert "cannot be read" in skipped["/etl"]
    usable = {"/Repos/sales report"} | ({"/top"} if search is None else set())
    assert {each.external_id for each in found if each.problem is None} == usable


def test_a_folder_that_is_too_deep_is_listed_with_its_reason(server: Any) -> None:
    path = ""
    for level in range(DEEPEST_FOLDER + 1):
        below = f"{path}/{level}"
        server.workspace.folders[path or "/"] = [entry("DIRECTORY", below)]
        path = below

    (found,) = connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK)

    assert (found.external_id, found.is_skipped) == (path, True)
    assert "defaultNotebookPath" in (found.problem or "")


@pytest.mark.parametrize("name", ["a\u202eb", "tab\tname", "back\\slash", "x" * 1025])
def test_a_notebook_that_cannot_run_is_listed_with_its_reason(server: Any, name: str) -> None:
    server.workspace.folders["/"] = [entry("NOTEBOOK", f"/{name}"), entry("NOTEBOOK", "/good")]

    found = list(connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert [(each.name, each.problem is None) for each in found] == [(name, False), ("good", True)]


def test_a_missing_root_is_an_error(server: Any) -> None:
    with pytest.raises(PlatformRefused):
        list(connect(server, "/nowhere").artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))


def test_an_entry_outside_its_folder_or_in_a_loop_is_not_followed(server: Any) -> None:
    server.workspace.folders = {
        "/": [
            entry("DIRECTORY", "/"),
            entry("DIRECTORY", "/../admin"),
            entry("NOTEBOOK", "/%2e%2e/admin"),
            entry("DIRECTORY", "/a"),
            entry("DIRECTORY", "/Workspace"),
        ],
        "/a": [entry("DIRECTORY", "/"), entry("NOTEBOOK", "/b/elsewhere")],
    }

    found = list(connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))
    assert [each for each in found if each.problem is None] == []
    assert {each.external_id for each in found} == {
        *("/../admin", "/%2e%2e/admin", "/", "/b/elsewhere")
    }
    assert len(server.workspace.asked) == 2


@pytest.mark.parametrize("root", ["/Workspace/Shared", "/Shared", "/Workspace", "/"])
@pytest.mark.parametrize("listed_as", ["/Workspace", ""])
def test_both_spellings_of_a_folder_name_the_same_notebooks(
    server: Any, root: str, listed_as: str
) -> None:
    below = [
        entry("DIRECTORY", f"{listed_as}/Shared/etl"),
        entry("NOTEBOOK", f"{listed_as}/Shared/load"),
    ]
    inner = [entry("NOTEBOOK", f"{listed_as}/Shared/etl/x")]
    top = [entry("DIRECTORY", f"{listed_as}/Shared")]
    for spelling in ("/Workspace", ""):
        server.workspace.folders[f"{spelling}/Shared"] = below
        server.workspace.folders[f"{spelling}/Shared/etl"] = inner
        server.workspace.folders[spelling or "/"] = top

    found = list(connect(server, root).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert {artefact.external_id for artefact in found} == {
        f"{listed_as}/Shared/load",
        f"{listed_as}/Shared/etl/x",
    }


def test_a_folder_with_a_similar_name_is_elsewhere(server: Any) -> None:
    server.workspace.folders["/Workspace/A"] = [
        entry("NOTEBOOK", "/AB/x"),
        entry("NOTEBOOK", "/Workspaces/A/x"),
    ]

    found = connect(server, "/Workspace/A").artefacts(job_type=JobType.DATABRICKS_NOTEBOOK)

    assert all("is not below /Workspace/A" in (each.problem or "") for each in found)


@pytest.mark.parametrize(
    "name", ["Relatório nº 5", "第１四半期", "a?b#c", "100%DE", "売上\uff08月次\uff09", "a\u202eb"]
)
def test_notebooks_of_any_name_are_listed_also_below_a_folder_of_that_name(
    server: Any, name: str
) -> None:
    server.workspace.folders = {
        "/": [entry("NOTEBOOK", f"/{name}"), entry("DIRECTORY", f"/{name} x")],
        f"/{name} x": [entry("NOTEBOOK", f"/{name} x/load")],
    }

    found = list(connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))

    assert [artefact.external_id for artefact in found] == [f"/{name}", f"/{name} x/load"]


def test_endless_folders_are_abandoned_at_a_depth(server: Any) -> None:
    class Endless(dict[str, Any]):
        def get(self, path: str, default: Any = None) -> Any:
            return [entry("DIRECTORY", f"{path.rstrip('/')}/d")]

    server.workspace.folders = Endless()

    (found,) = connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK)
    assert found.is_skipped
    assert len(server.workspace.asked) == 33


@pytest.mark.parametrize("objects", [None, "x", [1], {"a": 1}])
def test_a_list_of_another_shape_is_unavailable(server: Any, objects: Any) -> None:
    server.workspace.answer = lambda *_: (200, {"objects": objects})

    with pytest.raises(Unavailable):
        list(connect(server).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK))


@pytest.mark.parametrize("path", ["/etl/ä b", "/etl/a?x=1", "/etl/a#1&path=/b", "/etl/100%DE"])
def test_a_notebook_is_described_by_its_widgets(server: Any, path: str) -> None:
    source = '# Databricks notebook source\ndbutils.widgets.text("run_date", "2026-01-01")\n'
    server.workspace.notebooks[path] = (source, "py")

    schema = connect(server).job(JobType.DATABRICKS_NOTEBOOK).describe(path)

    assert [(p.name, p.default) for p in schema.parameters] == [("run_date", "2026-01-01")]


def test_a_notebook_without_source_form_is_read_as_jupyter(server: Any) -> None:
    cells = [{"cell_type": "code", "source": 'dbutils.widgets.text("a", "1")'}]
    server.workspace.notebooks["/j"] = (json.dumps({"cells": cells}), "ipynb")

    schema = connect(server).job(JobType.DATABRICKS_NOTEBOOK).describe("/j")

    assert [p.name for p in schema.parameters] == ["a"]


def test_a_missing_notebook_is_reported(server: Any) -> None:
    with pytest.raises(PlatformRefused, match="import the platform's notebooks again"):
        connect(server).job(JobType.DATABRICKS_NOTEBOOK).describe("/gone")


@pytest.mark.parametrize("content", ["%%%", "gICA", None])
def test_undecodable_content_is_unavailable(server: Any, content: Any) -> None:
    server.workspace.answer = lambda *_: (200, {"content": content})

    with pytest.raises(Unavailable):
        connect(server).job(JobType.DATABRICKS_NOTEBOOK).describe("/x")


def test_a_job_type_of_another_platform_is_refused(server: Any) -> None:
    with pytest.raises(Invalid, match="which takes DatabricksNotebook"):
        connect(server).job(JobType.ADF_PIPELINE)


def test_a_connection_test_makes_one_call(server: Any) -> None:
    assert "127.0.0.1" in connect(server).test()
    assert len(server.workspace.asked) == 1


def test_a_refused_token_ends_discovery(tree: Any) -> None:
    tree.workspace.faults = deque()
    found = connect(tree).artefacts(job_type=JobType.DATABRICKS_NOTEBOOK)
    next(found)
    tree.workspace.token = "another"

    with pytest.raises(PlatformRefused):
        list(found)
