"""Opens the app's SQLite database file, and executes reads and transactions.

One connection writes, and a few others read. The file is in WAL mode, so readers
never wait for the writer. `synchronous=FULL` writes each commit to the disk before it returns: an
accepted run survives a loss of power. Concurrent transactions share one commit, because a commit
waits for the disk. A write is executed when it returns and undone when it raises, so no write is
ever uncertain.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from polysync_core.domain.errors import Unavailable

_BUSY_SECONDS = 15.0
"""The maximum wait of a connection for another one, for example for a backup."""
_READER_CACHE_KIB = 256
_IDLE_READERS = 8
"""Connections for reads that stay open. A burst of reads opens more for its time."""
_LEAST_FREE_BYTES = 64 * 1024
"""SQLite needs more than this to open a file: the index of its log takes 32 KB."""
_DISK_FULL = "cannot be written, because the disk is full: free some space"
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
    # Each receipt deletes the expired messages, which must not scan the waiting ones.
    "CREATE INDEX messages_by_expiry ON messages (expires_at);",
)
"""The scripts that lead from one schema version to the next."""
SCHEMA_VERSION = len(_MIGRATIONS)


FILE_NAME = "polysync.db"
"""The name of the file in the data folder of a host on one machine."""
OWNER_ONLY = 0o600
"""The permissions of the file: only its owner reads and writes it."""
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


class _Commit:
    """A commit that several transactions share."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._error: BaseException | None = None

    def end(self, error: BaseException | None = None) -> None:
        """Release the waiting transactions, with an error if nothing was committed."""
        self._error = error
        self._done.set()

    def wait_for_end(self) -> None:
        """Wait until the commit has succeeded or failed."""
        self._done.wait()

    def wait(self) -> None:
        """Wait for the commit; raise its error."""
        self._done.wait()
        if self._error is not None:
            raise self._error


class Database:
    """One open SQLite file. It is safe for threads, and only one process may have it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.Lock()
        self._count_lock = threading.Lock()
        self._waiting = 0
        """Threads that want to write. The last one commits for all others before it."""
        self._commit = _Commit()
        self._connections: set[sqlite3.Connection] = set()
        self._idle_readers: list[sqlite3.Connection] = []
        """The connections for reads that no thread uses at the moment."""
        self._listeners: dict[str, Callable[[], None]] = {}
        self._lock_file = _lock(path)
        try:
            _make_private(path)
            with translating_errors(path):
                self._writer = self._connect()
                self._writer.execute("PRAGMA journal_mode=WAL")
                self._migrate()
        except BaseException:
            self.close()
            raise

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return the result of a query, which sees every commit that has returned."""
        with self._translating_errors():
            reader = self._take_reader()
            try:
                return reader.execute(query, values).fetchall()
            finally:
                self._give_back(reader)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Execute statements atomically and commit them; an exception undoes them.

        An exception is raised after the commit of the writes before it. So a caller that found a
        conflict reads the newest rows, and does not repeat its transaction before they are visible.
        """
        self._count_waiting(+1)
        with self._write_lock:
            self._count_waiting(-1)
            commit = self._commit
            failure = None
            try:
                with self._translating_errors(), self._savepoint():
                    yield self._writer
            except BaseException as error:
                failure = error
            finally:
                self._commit_unless_others_wait(failure)
        if failure is not None:
            commit.wait_for_end()
            raise failure
        commit.wait()

    def listen(self, queue: str, listener: Callable[[], None]) -> None:
        """Call a function after each message that is sent to a queue."""
        self._listeners[queue] = listener

    def notify(self, queue: str) -> None:
        """Call the listener of a queue."""
        if (listener := self._listeners.get(queue)) is not None:
            listener()

    def close(self) -> None:
        """Close all connections; other threads must not use the database any more."""
        with self._write_lock:
            for connection in self._connections:
                with suppress(sqlite3.Error):
                    connection.close()
            self._connections.clear()
            with suppress(OSError):
                os.close(self._lock_file)

    def _count_waiting(self, change: int) -> None:
        with self._count_lock:
            self._waiting += change

    @contextmanager
    def _savepoint(self) -> Generator[None]:
        """Undo the statements of one transaction only, if it raises."""
        if not self._writer.in_transaction:
            self._writer.execute("BEGIN IMMEDIATE")
        self._writer.execute("SAVEPOINT one")
        try:
            yield
        except BaseException:
            # A full disk undoes everything by itself, the transactions of other threads included.
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO one")
                self._writer.execute("RELEASE one")
            raise
        self._writer.execute("RELEASE one")

    def _commit_unless_others_wait(self, failure: BaseException | None) -> None:
        """Commit, unless a thread waits that will commit as well; the caller holds the lock.

        If `failure` has undone the shared transaction, it is the error of all its writes.
        """
        if self._waiting and self._writer.in_transaction:
            return
        commit, self._commit = self._commit, _Commit()
        if not self._writer.in_transaction:
            undone = f"the last writes to {self.path.name} were undone: repeat them."
            is_known = isinstance(failure, FileUnusable)
            commit.end(FileUnusable(str(failure) if is_known else undone))
            return
        try:
            with self._translating_errors():
                self._writer.execute("COMMIT")
        except FileUnusable as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            commit.end(error)
        else:
            commit.end()

    def _translating_errors(self) -> AbstractContextManager[None]:
        # Callers of the API see these messages, so the folder of the file is left out.
        return translating_errors(self.path, name=self.path.name)

    def _take_reader(self) -> sqlite3.Connection:
        """Return a connection that no other thread uses.

        Reads are short, so a few connections serve all threads. One for each thread would cost
        memory for its pages, although each commit of the writer makes these pages obsolete.
        """
        try:
            return self._idle_readers.pop()
        except IndexError:
            reader = self._connect()
            reader.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIB}")
            return reader

    def _give_back(self, reader: sqlite3.Connection) -> None:
        if len(self._idle_readers) < _IDLE_READERS:
            self._idle_readers.append(reader)
        else:
            self._connections.discard(reader)
            reader.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connections.add(connection)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def _migrate(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise FileUnusable(
                f"{self.path} was written by a newer release of Polysync: install that release, "
                "or choose another file."
            )
        for number in range(version, SCHEMA_VERSION):
            self._writer.executescript(
                f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version={number + 1}; COMMIT;"
            )


def _make_private(path: Path) -> None:
    """Create the file for its owner only; SQLite gives its `-wal` file the same permissions."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        for each in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))):
            if each.exists() and each.stat().st_mode & 0o077:
                each.chmod(OWNER_ONLY)
    except OSError as error:
        raise FileUnusable(f"{path} {_reason_of_system(error)}.") from error


def _lock(path: Path) -> int:
    """Return the lock that keeps other processes from the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    except OSError as error:
        raise FileUnusable(f"{path} {_reason_of_system(error)}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise FileUnusable(
            f"{path} is in use by another process: stop that process, or choose another file."
        ) from error
    return handle


@contextmanager
def translating_errors(path: Path, *, name: str | None = None) -> Generator[None]:
    """Translate errors of SQLite; the message names the file and the remedy, and no data.

    `name` replaces the whole path in the message.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise FileUnusable(f"{name or path} {_reason(error, path)}.") from error


def _reason_of_system(error: OSError) -> str:
    """Return why the system refuses the file or its folder, with the remedy."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _DISK_FULL
        case errno.EACCES | errno.EPERM:
            remedy = (
                "let the user of this process read and write the file and its folder, "
                "or choose another folder"
            )
        case _:
            remedy = "choose a folder that may be written"
    return f"cannot be opened ({error.strerror}): {remedy}"


def _reason(error: sqlite3.Error, path: Path) -> str:
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["FULL"]:
            return _DISK_FULL
        case ["IOERR" | "CANTOPEN"] if _free_bytes(path) < _LEAST_FREE_BYTES:
            # SQLite has no own error for a full disk while it grows its index of the log.
            return _DISK_FULL
        case ["READONLY"]:
            return "cannot be written: give the user of this process write access to its folder"
        case ["BUSY" | "LOCKED"]:
            return "is locked by another program: close the program"
        case ["CORRUPT" | "NOTADB"]:
            return "is damaged or is not a database of Polysync: restore a backup"
        case ["CANTOPEN"]:
            return "cannot be opened: check the path and the permissions of its folder"
        case ["IOERR"]:
            return "cannot be read or written: check the disk"
        case _:
            return "does not answer"


def _free_bytes(path: Path) -> int:
    """Return the free bytes of the disk with a file; an unknown number counts as enough."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _LEAST_FREE_BYTES
