"""Copies the app's SQLite database file to a backup, even while the app runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from polysync_core.storage.sqlite.database import OWNER_ONLY, FileUnusable, translating_errors


def back_up(source: Path, target: Path) -> None:
    """Write a complete and checked copy of a file to a new file.

    The copy is one consistent state, even if the app writes at the same time
    (https://www.sqlite.org/backup.html). The copy needs no `-wal` file. `target` appears only
    when it is complete.

    Raises:
        FileUnusable: the source is missing or damaged, or the target exists or cannot be written.
    """
    if not source.is_file():
        raise FileUnusable(f"{source} does not exist: name the data folder of the host.")
    partial = target.with_name(f".{target.name}.partial")
    try:
        # The empty file reserves the name, so two backups cannot replace each other.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError as error:
        raise FileUnusable(f"{target} exists: choose a new file for the backup.") from error
    except OSError as error:
        raise FileUnusable(f"{target} cannot be written ({error.strerror}).") from error
    try:
        _copy(source, partial)
        _publish(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise


def _copy(source: Path, partial: Path) -> None:
    # `mode=ro` never creates or changes the source.
    # SQLite would give the copy, which holds the same data, wider permissions.
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, OWNER_ONLY))
    with (
        translating_errors(source),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as db,
    ):
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            raise FileUnusable(f"{source} is not a database of Polysync: choose another file.")
        with translating_errors(partial), closing(sqlite3.connect(partial)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise FileUnusable(f"{source} is damaged: restore an earlier backup.")


def _publish(partial: Path, target: Path) -> None:
    """Give a complete copy its name, after the disk has it."""
    try:
        with partial.open("rb") as copy:
            os.fsync(copy.fileno())
        partial.replace(target)
    except OSError as error:
        raise FileUnusable(f"{target} cannot be written ({error.strerror}).") from error
