"""Tests of backups of the SQLite file: complete copies while the app writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from polysync_core.storage.rows import Row
from polysync_core.storage.sqlite.backup import back_up
from polysync_core.storage.sqlite.database import Database, FileUnusable
from polysync_core.storage.sqlite.tables import SqliteTables


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "with 'quotes' #1?" / "polysync.db")
    SqliteTables(opened).table("t").insert(Row("p", "k", {"n": 1}))
    yield opened
    opened.close()


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as copy:
        (count,) = copy.execute("SELECT count(*) FROM rows").fetchone()
    return count


def test_a_running_app_is_backed_up_with_its_last_commit(
    database: Database, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"

    back_up(database.path, target)

    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == ["copy.db"]
    copy = SqliteTables(Database(target))
    assert copy.table("t").get("p", "k") is not None
    copy.close()


def test_a_stopped_app_is_backed_up(database: Database, tmp_path: Path) -> None:
    database.close()

    back_up(database.path, tmp_path / "copy.db")

    assert _rows(tmp_path / "copy.db") == 1


def test_a_backup_during_writes_is_one_consistent_state(database: Database, tmp_path: Path) -> None:
    tables, end = SqliteTables(database), threading.Event()
    started = threading.Event()

    def write() -> None:
        number = 0
        while not end.is_set():
            number += 1
            tables.table("t").insert(Row("w", f"{number:08}", {"text": "x" * 500}))
            if number == 50:
                started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(20)
        back_up(database.path, tmp_path / "copy.db")
    finally:
        end.set()
        writer.join()

    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        keys = [key for (key,) in copy.execute("SELECT rk FROM rows WHERE pk='w' ORDER BY rk")]
    assert len(keys) >= 50
    assert keys == [f"{number:08}" for number in range(1, len(keys) + 1)]


def test_an_existing_file_is_never_replaced(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    with pytest.raises(FileUnusable, match=r"copy\.db exists: choose a new file"):
        back_up(database.path, target)

    assert target.read_text() == "precious"


def test_the_source_itself_is_no_target(database: Database) -> None:
    with pytest.raises(FileUnusable, match="exists: choose a new file"):
        back_up(database.path, database.path)

    assert _rows(database.path) == 1


def test_a_missing_source_is_named_and_not_created(tmp_path: Path) -> None:
    source = tmp_path / "polysync.db"

    with pytest.raises(FileUnusable, match=r"polysync\.db does not exist: name the data folder"):
        back_up(source, tmp_path / "copy.db")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no database" * 500, b""], ids=["text", "empty"])
def test_a_file_that_is_no_database_leaves_no_backup(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "polysync.db"
    source.write_bytes(content)

    with pytest.raises(FileUnusable, match="not a database of Polysync"):
        back_up(source, tmp_path / "copy.db")

    assert list(tmp_path.iterdir()) == [source]


def test_a_damaged_source_leaves_no_backup(database: Database, tmp_path: Path) -> None:
    tables = SqliteTables(database)
    for number in range(200):
        tables.table("t").insert(Row("d", f"{number:08}", {"text": "x" * 500}))
    database.close()
    with database.path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)

    with pytest.raises(FileUnusable, match="damaged"):
        back_up(database.path, tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()


def test_a_folder_that_does_not_exist_is_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match=r"copy\.db cannot be written \(No such file"):
        back_up(database.path, tmp_path / "absent" / "copy.db")
