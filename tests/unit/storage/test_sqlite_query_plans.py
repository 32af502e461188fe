"""No statement of the SQLite storage scans or sorts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from polysync_core.storage.rows import Change, Operation, Row, RowRange
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.queues import SqliteQueues
from polysync_core.storage.sqlite.tables import SqliteTables

_READS_AND_CHANGES = ("SELECT", "INSERT", "UPDATE", "DELETE")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is executed, with its values."""
    executed: list[str] = []
    connect = sqlite3.connect

    def traced(*facts: Any, **more: Any) -> sqlite3.Connection:
        connection = connect(*facts, **more)
        connection.set_trace_callback(executed.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return executed


def test_no_statement_scans_or_sorts(statements: list[str], tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    database = Database(path)
    statements.clear()
    _use_every_table_call(database)
    _use_every_queue_call(database)
    database.close()
    found = {each for each in statements if each.startswith(_READS_AND_CHANGES)}

    assert len(found) > 20
    assert not {each: plan for each in found if _is_slow(plan := _plan(path, each))}


def test_a_scan_is_noticed(tmp_path: Path) -> None:
    Database(tmp_path / "polysync.db").close()

    assert _is_slow(_plan(tmp_path / "polysync.db", "SELECT 1 FROM messages WHERE content='a'"))


def test_a_file_of_the_first_release_gets_the_index_of_expired_messages(tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    Database(path).close()
    with closing(sqlite3.connect(path)) as older:
        older.executescript("DROP INDEX messages_by_expiry; PRAGMA user_version=1;")
    Database(path).close()

    assert not _is_slow(_plan(path, "DELETE FROM messages WHERE expires_at<=1"))


def _use_every_table_call(database: Database) -> None:
    table = SqliteTables(database).table("t")
    etag = table.insert(Row("p", "a", {"n": 1}))
    etag = table.replace(Row("p", "a", {"n": 2}, etag))
    etag = table.merge(Row("p", "a", {"m": 3}, etag))
    table.upsert(Row("p", "b", {}))
    table.transact([Operation(Change.DELETE, Row("p", "b", {}))])
    table.upsert(Row("p", "c", {}))
    assert table.get("p", "a") is not None
    page = table.page(RowRange("p"), limit=1)
    table.page(RowRange("p"), limit=1, token=page.token)
    assert len(list(table.rows(RowRange.prefixed("p", "a")))) == 1
    assert table.keys(RowRange("p", "a"), limit=5) == ["a", "c"]
    assert table.next_partition("") == "p"
    assert table.partitions("p", limit=2) == ["p"]
    table.delete("p", "a", etag=etag)
    table.drop()


def _use_every_queue_call(database: Database) -> None:
    queue = SqliteQueues(database).queue("q")
    for text in ("one", "two"):
        queue.send(text)
    assert queue.seconds_to_next() == 0
    first, second = queue.receive(2, hidden_seconds=30)
    assert queue.hide(first, 0)
    assert queue.delete(second)


def _plan(path: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(path)) as opened:
        return [row[3] for row in opened.execute(f"EXPLAIN QUERY PLAN {statement}")]


def _is_slow(plan: list[str]) -> bool:
    return any(step.startswith(("SCAN", "USE TEMP")) for step in plan)
