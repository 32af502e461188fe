"""Checks the app's SQLite database file without writing, even while the app runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from polysync_core.storage.sqlite.database import (
    SCHEMA_VERSION,
    FileUnusable,
    translating_errors,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """The state of a file that the app can use."""

    schema_version: int


def inspect(path: Path) -> FileState:
    """Return the state of a file; nothing is written.

    Raises:
        FileUnusable: the file is damaged, is not a database of Polysync, or is of a newer release.
    """
    with (
        translating_errors(path),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as opened,
    ):
        (version,) = opened.execute("PRAGMA user_version").fetchone()
        (verdict,) = opened.execute("PRAGMA quick_check(1)").fetchone()
    if not version:
        raise FileUnusable(f"{path} is not a database of Polysync: choose another file.")
    if version > SCHEMA_VERSION:
        raise FileUnusable(
            f"{path} was written by a newer release of Polysync: install that release."
        )
    if verdict != "ok":
        raise FileUnusable(f"{path} is damaged: restore a backup.")
    return FileState(schema_version=version)
