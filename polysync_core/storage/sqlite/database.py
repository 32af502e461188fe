"""Opens the SQLite file of the app: one connection that writes, one per thread that reads.

The file is in WAL mode, so readers never wait for the writer. `synchronous=FULL` writes each commit
to the disk before it returns: an accepted run survives a loss of power. A write is executed when it
returns and undone when it raises, so no write is ever uncertain.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from polysync_core.domain.errors import Unavailable

_BUSY_SECONDS = 15.0
"""How long a connection waits for another one, for example for that of a backup."""
_MIGRATIONS = (
    """
    CREATE TABLE rows (
        tbl TEXT NOT NULL, pk TEXT NOT NULL, rk TEXT NOT NULL, etag INTEGER NOT NULL,
        doc TEXT NOT NULL, PRIMARY KEY (tbl, pk, rk)
    );
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, visible_at REAL NOT NULL,
        inserted_at REAL NOT NULL, expires_at REAL NOT NULL, dequeue_count INTEGER NOT NULL,
        receipt TEXT NOT NULL, content TEXT NOT NULL
    );
    CREATE INDEX messages_by_time ON messages (queue, visible_at);
    """,
)
"""The scripts that lead from one schema version to the next; the version is their number."""


SCHEME = "sqlite:"
"""The beginning of a storage setting that names a file, for example `sqlite:/var/polysync.db`."""


def path_of(setting: str | None) -> Path | None:
    """Return the file that a storage setting names; None if the setting names an account."""
    text = (setting or "").strip()
    return Path(text.removeprefix(SCHEME)).absolute() if text.startswith(SCHEME) else None


@cache
def shared_database(path: Path) -> Database:
    """Return the database of a file, the same one for the whole process."""
    return Database(path)


class FileUnusable(Unavailable):
    """The storage file cannot be used."""


class Database:
    """One open SQLite file. It is safe for threads, and only one process may have it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._listeners: dict[str, Callable[[], None]] = {}
        self._lock_file = _lock(path)
        try:
            with _translated(path):
                self._writer = self._connect()
                self._writer.execute("PRAGMA journal_mode=WAL")
                self._migrate()
        except BaseException:
            self.close()
            raise

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return the result of a query, which sees every commit that has returned."""
        with _translated(self.path):
            return self._reader().execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Execute statements atomically; an exception undoes them."""
        with self._write_lock, _translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def listen(self, queue: str, listener: Callable[[], None]) -> None:
        """Call a function after each message that is sent to a queue."""
        self._listeners[queue] = listener

    def notify(self, queue: str) -> None:
        """Call the listener of a queue."""
        if (listener := self._listeners.get(queue)) is not None:
            listener()

    def back_up(self, target: Path) -> None:
        """Copy the file to a new file while the app runs."""
        with _translated(target), closing(sqlite3.connect(target)) as copy:
            self._reader().backup(copy)

    def close(self) -> None:
        """Close all connections; other threads must not use the database any more."""
        with self._write_lock:
            for connection in self._connections:
                with suppress(sqlite3.Error):
                    connection.close()
            self._connections.clear()
            with suppress(OSError):
                os.close(self._lock_file)

    def _reader(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
        return found

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connections.append(connection)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _migrate(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            raise FileUnusable(
                f"{self.path} was written by a newer release of Polysync: install that release, "
                "or choose another file."
            )
        for number in range(version, len(_MIGRATIONS)):
            self._writer.executescript(
                f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version={number + 1}; COMMIT;"
            )


def _lock(path: Path) -> int:
    """Return the lock that keeps other processes from the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FileUnusable(
            f"{path} cannot be opened ({error.strerror}): choose a folder that may be written."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise FileUnusable(
            f"{path} is in use by another process: stop that process, or choose another file."
        ) from error
    return handle


@contextmanager
def _translated(path: Path) -> Generator[None]:
    """Translate errors of SQLite; the message names the file and the remedy, and no data."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise FileUnusable(f"{path} {_reason(error)}.") from error


def _reason(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["FULL"]:
            return "cannot be written, because the disk is full: free some space"
        case ["READONLY"]:
            return "cannot be written: give the user of this process write access to its folder"
        case ["BUSY" | "LOCKED"]:
            return "is locked by another program: close the program"
        case ["CORRUPT" | "NOTADB"]:
            return "is damaged or is no database of Polysync: restore a backup"
        case ["CANTOPEN"]:
            return "cannot be opened: check the path and the permissions of its folder"
        case ["IOERR"]:
            return "cannot be read or written: check the disk"
        case _:
            return "does not answer"
