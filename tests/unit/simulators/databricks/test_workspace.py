"""A workspace made of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.databricks.errors import ApiError
from simulators.databricks.workspace import Workspace

SOURCE = "# Databricks notebook source\nx = 1\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "a" / "sub").mkdir(parents=True)
    (tmp_path / "a" / "note.py").write_text(SOURCE)
    (tmp_path / "a" / "module.py").write_text("x = 1\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "other.py").write_text(SOURCE)
    return Workspace(
        {"/a": tmp_path / "a", "/a/inner": tmp_path / "b", "/far/away": tmp_path / "b"}
    )


def test_folders_above_the_mounts_exist(workspace: Workspace) -> None:
    assert [found.path for found in workspace.list("/")] == ["/a", "/far"]
    assert [found.path for found in workspace.list("/far")] == ["/far/away"]


def test_a_mount_inside_another_is_found(workspace: Workspace) -> None:
    assert workspace.notebook("/a/inner/other") is not None


def test_a_root_mount_has_clean_paths(tmp_path: Path) -> None:
    (tmp_path / "note.py").write_text(SOURCE)

    assert [found.path for found in Workspace({"/": tmp_path}).list("/")] == ["/note"]


@pytest.mark.parametrize(
    "path", ["/a/module", "/a/module.py", "/a/note.py", "/a/sub", "/b/other", "relative", "/a/../b"]
)
def test_a_path_without_a_notebook_is_refused(workspace: Workspace, path: str) -> None:
    assert workspace.notebook(path) is None


@pytest.mark.parametrize(
    ("file", "comment", "language"),
    [
        ("note.py", "#", "PYTHON"),
        ("note.r", "#", "R"),
        ("note.R", "#", "R"),
        ("note.sql", "--", "SQL"),
        ("note.scala", "//", "SCALA"),
    ],
)
def test_a_notebook_of_each_language_is_listed_and_exported(
    tmp_path: Path, file: str, comment: str, language: str
) -> None:
    source = f"{comment} Databricks notebook source\nx\n"
    (tmp_path / file).write_text(source)
    (tmp_path / f"plain_{file}").write_text("x\n")
    served = Workspace({"/": tmp_path})

    listed = {each.path: each.as_json() for each in served.list("/")}
    exported = served.export("/note", "SOURCE")

    assert listed["/note"]["object_type"] == "NOTEBOOK"
    assert listed["/note"]["language"] == language
    assert listed[f"/plain_{file}"]["object_type"] == "FILE"
    assert exported.content.decode() == source
    assert exported.file_type == Path(file).suffix.lower()[1:]
    assert (served.notebook("/note") is not None) == (language == "PYTHON")


def test_an_object_keeps_its_id(workspace: Workspace) -> None:
    assert workspace.find("/a/note").as_json() == workspace.find("/Workspace/a/note").as_json()


@pytest.mark.parametrize("wanted", ["DBC", "HTML", "source", ""])
def test_other_formats_are_refused(workspace: Workspace, wanted: str) -> None:
    with pytest.raises(ApiError, match="does not export as"):
        workspace.export("/a/note", wanted)


def test_a_file_is_exported_as_it_is(workspace: Workspace) -> None:
    assert workspace.export("/a/module.py", "AUTO").content == b"x = 1\n"
    with pytest.raises(ApiError):
        workspace.export("/a/module.py", "SOURCE")


def test_a_folder_is_not_exported(workspace: Workspace) -> None:
    with pytest.raises(ApiError):
        workspace.export("/a", "SOURCE")
