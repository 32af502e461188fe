"""Provides names of Tasks, Jobs and other objects for shell completion, from a short-lived cache.

A completion never fails and never waits long: without an answer in time it has the names of the
cache, or none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.environments.connection import Connection, choose_connection
from polysync_core.cli.environments.store import config_folder, load_contexts, write_private

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.domain.json_types import JsonObject

_log = logging.getLogger(__name__)

FRESH_SECONDS = 20.0
"""The age up to which the cache is not read anew."""
REQUEST_SECONDS = 0.15
"""The time for all requests of one completion."""
_RETRY_SECONDS = 5.0
"""The time after a failure in which the server is not asked again."""
_MAX_PAGES = 10
_NAMES: Mapping[str, str] = {"task-runs": "runId", "backfills": "backfillId"}
"""The member with the name of an object; `name` for other kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cache:
    """The names of one kind in one app, in a file."""

    file: Path
    names: tuple[str, ...] = ()
    read_at: float = 0.0

    @classmethod
    def load(cls, url: str, kind: str) -> _Cache:
        """Read the cache; a missing or damaged file is an empty cache."""
        key = hashlib.sha256(url.encode()).hexdigest()[:16]
        file = config_folder() / "completion" / f"{key}-{kind}.json"
        try:
            content = cast("dict[str, Any]", json.loads(file.read_bytes()))
            names, read_at = tuple(map(str, content["names"])), float(content["readAt"])
        except (OSError, ValueError, KeyError, TypeError):
            return cls(file=file)
        return cls(file=file, names=names, read_at=read_at)

    @property
    def is_fresh(self) -> bool:
        """Return whether the names are young enough."""
        return 0 <= time.time() - self.read_at < FRESH_SECONDS

    def save(self, names: tuple[str, ...], *, age: float = 0.0) -> None:
        """Store the names as if they were read some seconds ago."""
        content = {"names": names, "readAt": time.time() - age}
        write_private(self.file, json.dumps(content))


def complete_names(kind: str, incomplete: str, params: Mapping[str, Any]) -> list[str]:
    """Return the names that begin with a text; `params` has `--url` and `--context`."""
    if kind == "task-runs" and incomplete.startswith("@"):
        return [f"@{each}" for each in complete_names("tasks", incomplete[1:], params)]
    try:
        connection = choose_connection(params.get("url"), params.get("context"))
        names = _names(connection, kind)
    except (CommandFailed, typer.BadParameter):
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_contexts(incomplete: str) -> list[str]:
    """Return the names of the contexts that begin with a text."""
    try:
        contexts = load_contexts().sorted
    except CommandFailed:
        return []
    return [each.name for each in contexts if each.name.startswith(incomplete)]


def refresh(connection: Connection, kind: str, *, seconds: float | None) -> tuple[str, ...]:
    """Read the names from the app, and store them.

    Raises:
        CommandFailed: the app does not answer in time.
    """
    from polysync_core.cli.api.client import ApiClient

    deadline = None if seconds is None else time.monotonic() + seconds
    with ApiClient(connection.url, connection.credentials(), max_seconds=seconds) as api:
        member = _NAMES.get(kind, "name")
        names = tuple(str(item[member]) for item in _items(api, kind, deadline) if member in item)
    _Cache.load(connection.url, kind).save(names)
    return names


def _names(connection: Connection, kind: str) -> tuple[str, ...]:
    cache = _Cache.load(connection.url, kind)
    if cache.is_fresh:
        return cache.names
    # Until the answer is stored, further completions take the names of the cache.
    cache.save(cache.names, age=FRESH_SECONDS - _RETRY_SECONDS)
    if not connection.needs_token:
        try:
            return refresh(connection, kind, seconds=REQUEST_SECONDS)
        except CommandFailed:
            _log.debug("The names of %s could not be read in time.", kind)
    # The next completion then has the names, if the app answers at all.
    _refresh_in_background(connection, kind)
    return cache.names


def _items(api: ApiClient, kind: str, deadline: float | None) -> Iterator[JsonObject]:
    """Yield the items of the first pages; runs have one page, the newest ones."""
    token: str | None = None
    for _ in range(1 if kind == "task-runs" else _MAX_PAGES):
        items, token = api.page(kind, token=token)
        yield from items
        if token is None or (deadline is not None and time.monotonic() > deadline):
            return


def _refresh_in_background(connection: Connection, kind: str) -> None:
    """Start a process that reads the names; the app may answer later than a person waits."""
    chosen = [connection.url] if connection.context is None else ["--context", connection.context]
    command = [sys.executable, "-m", "polysync_core.cli.completion", kind, *chosen]
    quiet = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603 - fixed program, and the name of a stored context
        command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
