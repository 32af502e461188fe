"""The SQLite file: its errors, its migrations, its transactions and its lock."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from polysync_core.domain.errors import StaleETag
from polysync_core.storage.rows import Change, Operation, Row, RowExists, RowRange
from polysync_core.storage.sqlite.database import Database, FileUnusable, path_of
from polysync_core.storage.sqlite.tables import SqliteTables


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "data" / "polysync.db")
    yield opened
    opened.close()


def test_a_file_is_created_with_its_folder_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "polysync.db"
    for number in range(2):
        tables = SqliteTables(Database(path))
        tables.table("t").insert(Row("p", str(number), {"n": number}))
        tables.close()

    tables = SqliteTables(Database(path))
    assert [row.values["n"] for row in tables.table("t").rows(RowRange("p"))] == [0, 1]
    tables.close()


def test_a_second_process_cannot_open_the_file(database: Database) -> None:
    with pytest.raises(FileUnusable, match=r"polysync\.db is in use by another process: stop"):
        Database(database.path)


def test_the_file_is_free_after_the_death_of_its_process(tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    program = (
        "import os, sys; from pathlib import Path;"
        "from polysync_core.storage.sqlite.database import Database;"
        "from polysync_core.storage.sqlite.tables import SqliteTables;"
        "from polysync_core.storage.rows import Row;"
        "tables = SqliteTables(Database(Path(sys.argv[1])));"
        "tables.table('t').insert(Row('p', 'k', {'n': 1}));"
        "os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode == -9

    tables = SqliteTables(Database(path))
    assert tables.table("t").get("p", "k") is not None
    tables.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"no database at all " * 100, "is damaged or is not a database", id="foreign"),
        pytest.param(b"SQLite format 3\x00" + b"\x01" * 5000, "is damaged", id="damaged"),
    ],
)
def test_a_file_that_is_no_database_is_named_with_the_remedy(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "polysync.db"
    path.write_bytes(content)

    with pytest.raises(FileUnusable, match=message) as refusal:
        Database(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FileUnusable, match="choose a folder that may be written"):
        Database(tmp_path / "file" / "polysync.db")


def test_a_file_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    Database(path).close()
    with sqlite3.connect(path) as direct:
        direct.execute("PRAGMA user_version=99")
    direct.close()

    with pytest.raises(FileUnusable, match="written by a newer release of Polysync"):
        Database(path)


def test_a_refused_file_is_not_kept_locked(tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(FileUnusable):
        Database(path)

    path.unlink()
    Database(path).close()


def test_a_full_disk_is_reported_and_undoes_the_write(database: Database) -> None:
    table = SqliteTables(database).table("t")
    table.insert(Row("p", "k", {"text": "before"}))
    pages = database.read("PRAGMA page_count")[0][0]
    with database.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    with pytest.raises(FileUnusable, match="the disk is full: free some space"):
        table.transact(
            [Operation(Change.INSERT, Row("p", f"k{n}", {"text": "x" * 30_000})) for n in range(20)]
        )

    assert [row.key for row in table.rows(RowRange("p"))] == ["k"]


def test_a_failed_transaction_changes_nothing_and_the_next_one_works(database: Database) -> None:
    table = SqliteTables(database).table("t")
    table.insert(Row("p", "taken", {}))

    with pytest.raises(RowExists):
        table.transact([Operation(Change.INSERT, Row("p", key, {})) for key in ("new", "taken")])

    assert table.get("p", "new") is None
    table.insert(Row("p", "new", {}))


def test_of_many_writers_with_one_etag_exactly_one_succeeds(database: Database) -> None:
    table = SqliteTables(database).table("t")
    etag = table.insert(Row("p", "k", {"n": 0}))
    barrier = threading.Barrier(8)

    def replace(number: int) -> bool:
        barrier.wait()
        try:
            table.replace(Row("p", "k", {"n": number}, etag))
        except StaleETag:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(replace, range(8))) == 1


def test_a_refused_write_undoes_no_write_that_shares_its_commit(database: Database) -> None:
    table = SqliteTables(database).table("t")
    table.insert(Row("p", "taken", {}))
    barrier = threading.Barrier(16)

    def insert(number: int) -> bool:
        barrier.wait()
        key = "taken" if number % 2 else f"free-{number}"
        try:
            table.transact(
                [Operation(Change.INSERT, Row("p", each, {})) for each in (f"{key}-side", key)]
            )
        except RowExists:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(insert, range(16)))

    assert results == [number % 2 == 0 for number in range(16)]
    keys = {row.key for row in table.rows(RowRange("p"))}
    free = {f"free-{number}" for number in range(0, 16, 2)}
    assert keys == {"taken"} | free | {f"{key}-side" for key in free}


def test_a_commit_that_fails_fails_every_write_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = SqliteTables(database).table("t")
    writer = database._writer

    class NoCommit:
        """Refuses commits, as a full disk does."""

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return writer.execute(statement, *values)

        def __getattr__(self, name: str) -> Any:
            return getattr(writer, name)

    monkeypatch.setattr(database, "_writer", NoCommit())
    with ThreadPoolExecutor(4) as threads:
        writes = [threads.submit(table.insert, Row("p", str(n), {})) for n in range(8)]
    assert all(isinstance(each.exception(), FileUnusable) for each in writes)

    monkeypatch.undo()
    assert list(table.rows(RowRange("p"))) == []
    table.insert(Row("p", "after", {}))


def test_two_tables_do_not_see_each_other(database: Database) -> None:
    tables = SqliteTables(database)
    tables.table("a").insert(Row("p", "k", {"n": 1}))
    tables.table("b").insert(Row("p", "k", {"n": 2}))

    tables.table("a").drop()

    assert tables.table("a").get("p", "k") is None
    assert tables.table("b").get("p", "k") is not None


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("sqlite:/var/lib/polysync.db", Path("/var/lib/polysync.db")),
        (" sqlite:/a b/c.db ", Path("/a b/c.db")),
        ("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=k", None),
        ("", None),
        (None, None),
    ],
)
def test_a_setting_names_a_file_or_an_account(setting: str | None, path: Path | None) -> None:
    assert path_of(setting) == path


def test_every_connection_syncs_each_commit(database: Database) -> None:
    with database.transaction() as writer:
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.read("PRAGMA synchronous") == [(2,)]
    assert database.read("PRAGMA journal_mode") == [("wal",)]


def test_one_connection_serves_the_reads_of_threads_that_follow_each_other(
    database: Database,
) -> None:
    for _ in range(20):
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(database.read, "SELECT 1").result() == [(1,)]

    assert len(database._connections) == 2, "the writer and one reader"


def test_a_burst_of_reads_leaves_few_connections_open(database: Database) -> None:
    burst = [database._take_reader() for _ in range(50)]
    for reader in burst:
        database._give_back(reader)

    assert len(database._connections) == 9, "the writer and eight readers"
    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(lambda _: database.read("SELECT 1"), range(200)))
    assert found == [[(1,)]] * 200
    assert len(database._connections) <= 9


def test_a_connection_is_usable_after_a_read_that_failed(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(FileUnusable):
            database.read("SELECT nothing FROM nowhere")

    assert database.read("SELECT 1") == [(1,)]
    assert len(database._connections) == 2
