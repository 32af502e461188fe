"""Files and folders without permission, and errors of SQLite during operation."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polysync_core.storage.sqlite import database as module
from polysync_core.storage.sqlite.database import Database, FileUnusable, translating_errors
from polysync_embedded.options import Options, StartRefused, prepare_folder

_OTHER_USER = 65534


@contextmanager
def _without_privileges() -> Generator[None]:
    """Act as a user whom permissions bind; root may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that belongs to the user without privileges."""
    with tempfile.TemporaryDirectory(prefix="polysync-") as name:
        if os.geteuid() == 0:
            os.chown(name, _OTHER_USER, _OTHER_USER)
        yield Path(name)


def _refusal(path: Path) -> str:
    with pytest.raises(FileUnusable) as refused, _without_privileges():
        Database(path)
    return str(refused.value)


def test_a_folder_that_may_not_be_written_is_named_with_the_remedy(folder: Path) -> None:
    folder.chmod(0o500)

    assert _refusal(folder / "polysync.db") == (
        f"{folder}/polysync.db cannot be opened (Permission denied): let the user of this process "
        "read and write the file and its folder, or choose another folder."
    )


@pytest.mark.parametrize("mode", [0o400, 0o000])
def test_a_file_that_may_not_be_written_is_named_with_the_remedy(folder: Path, mode: int) -> None:
    path = folder / "polysync.db"
    with _without_privileges():
        Database(path).close()
    path.chmod(mode)

    assert "cannot be opened (Permission denied): let the user" in _refusal(path)


def test_a_file_in_a_folder_that_became_read_only_is_named_with_the_remedy(folder: Path) -> None:
    path = folder / "polysync.db"
    with _without_privileges():
        Database(path).close()
    folder.chmod(0o500)

    message = _refusal(path)
    assert message.startswith(f"{path} cannot be ")
    assert "folder" in message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, "cannot be written, because the disk is full: free some space"),
        (errno.EDQUOT, "cannot be written, because the disk is full: free some space"),
        (errno.EROFS, "(Read-only file system): choose a folder that may be written"),
        (errno.EIO, "(Input/output error): choose a folder that may be written"),
    ],
)
@pytest.mark.parametrize("suffix", [".lock", ""], ids=["the lock", "the file"])
def test_the_system_refuses_to_create_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: str, suffix: str
) -> None:
    path = tmp_path / "polysync.db"
    really_open = os.open

    def refuse(name: Path, *options: int) -> int:
        if str(name) == f"{path}{suffix}":
            raise OSError(code, os.strerror(code))
        return really_open(name, *options)

    monkeypatch.setattr(module.os, "open", refuse)
    with pytest.raises(FileUnusable) as refused:
        Database(path)
    assert expected in str(refused.value)
    assert str(refused.value).startswith(str(path))


def test_a_full_disk_at_the_start_is_not_blamed_on_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(StartRefused, match=r"\(No space left on device\): free some space\.$"):
        prepare_folder(Options(data=tmp_path / "new"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_FULL", "the disk is full: free some space"),
        ("SQLITE_READONLY_DBMOVED", "give the user of this process write access"),
        ("SQLITE_BUSY_SNAPSHOT", "is locked by another program: close the program"),
        ("SQLITE_CORRUPT_INDEX", "restore a backup"),
        ("SQLITE_NOTADB", "restore a backup"),
        ("SQLITE_CANTOPEN", "check the path and the permissions"),
        ("SQLITE_IOERR_WRITE", "check the disk"),
        ("SQLITE_NOMEM", "does not answer"),
    ],
)
@pytest.mark.parametrize("free", [0, 2**30])
def test_each_error_of_sqlite_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str, free: int
) -> None:
    monkeypatch.setattr(module, "_free_bytes", lambda _: free)
    error = sqlite3.OperationalError("something with a value")
    error.sqlite_errorname = name
    if not free and name in {"SQLITE_IOERR_WRITE", "SQLITE_CANTOPEN"}:
        expected = "the disk is full: free some space"

    with pytest.raises(FileUnusable) as raised, translating_errors(tmp_path / "polysync.db"):
        raise error

    message = str(raised.value)
    assert expected in message
    assert message.startswith(f"{tmp_path}/polysync.db ")
    assert message.count(". ") == 0
    assert "value" not in message


def test_an_error_during_operation_does_not_show_the_folder_to_callers(tmp_path: Path) -> None:
    database = Database(tmp_path / "polysync.db")
    with pytest.raises(FileUnusable) as raised:
        database.read("SELECT nothing FROM nowhere")
    database.close()

    assert str(raised.value) == "polysync.db does not answer."
