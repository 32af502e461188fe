"""Copies the file of a host as a loss of power could leave it.

A loss of power may remove everything that was written after the last sync. In WAL mode, a commit
has returned when its frames are synced, so only bytes behind the last commit may be missing or
torn (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from random import Random

import psutil

_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


def copy_of_stopped(process: psutil.Process, database: Path, folder: Path) -> Path:
    """Copy the file and its log at one moment; return the path of the copy."""
    folder.mkdir()
    process.send_signal(signal.SIGSTOP)
    try:
        for path in (database, _log_of(database)):
            if path.exists():
                shutil.copy(path, folder / path.name)
    finally:
        process.send_signal(signal.SIGCONT)
    return folder / database.name


def lose_unsynced_bytes(database: Path, chance: Random) -> None:
    """Cut the log at any byte behind its last commit, or damage the bytes there."""
    log = _log_of(database)
    content = bytearray(log.read_bytes()) if log.exists() else bytearray()
    kept = end_of_last_commit(bytes(content))
    cut = chance.randint(kept, len(content))
    torn = chance.randbytes(chance.choice((0, 0, 1, 700, 5000)))
    log.write_bytes(bytes(content[:cut]) + torn)


def cut_anywhere(database: Path, chance: Random) -> None:
    """Cut the log at any byte, as a disk with early syncs does."""
    log = _log_of(database)
    if log.exists():
        log.write_bytes(log.read_bytes()[: chance.randint(0, log.stat().st_size)])


def end_of_last_commit(log: bytes) -> int:
    """Return the offset behind the last commit of the log's present generation."""
    if len(log) < _HEADER_BYTES:
        return 0
    page_size, salts = int.from_bytes(log[8:12]), log[16:24]
    end = at = _HEADER_BYTES
    while at + _FRAME_HEADER_BYTES + page_size <= len(log) and log[at + 8 : at + 16] == salts:
        is_commit = log[at + 4 : at + 8] != bytes(4)
        at += _FRAME_HEADER_BYTES + page_size
        end = at if is_commit else end
    return end


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")
