"""Finds runs by id or id prefix, and the newest run of a list."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.application.ports import RunReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Ambiguous, NotFound
from polysync_core.domain.runs.identity import RunId, is_run_id, parse_run_id_prefix
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import StoredRun

_MAX_PAGES = 20
"""The maximum number of pages to read, because the list may hold no run."""
_MAX_CANDIDATES = 5
"""The maximum number of ids that the error of an ambiguous prefix names."""


def read_run(runs: RunReader, run_id: RunId) -> StoredRun:
    """Return a run, or raise `NotFound`."""
    stored = runs.get(run_id)
    if stored is None:
        raise NotFound("There is no task run of this id.")
    return stored


def find_run_id(runs: RunReader, text: str) -> RunId:
    """Return the run id that equals or begins with a text; a complete id costs no read.

    Raises `NotFound`, and `Ambiguous` for a prefix of several ids.
    """
    if is_run_id(text):
        return RunId(text)
    prefix = parse_run_id_prefix(text)
    found = runs.ids_from(prefix, limit=_MAX_CANDIDATES + 1)
    if not found:
        raise NotFound(f"There is no task run whose id begins with '{prefix}'.")
    if len(found) > 1:
        shown = found[:_MAX_CANDIDATES]
        more = ", …" if len(found) > len(shown) else ""
        raise Ambiguous(
            f"Several task runs have an id that begins with '{prefix}': "
            f"{', '.join(shown)}{more}; give more characters of the id.",
            candidates=shown,
        )
    return found[0]


def newest_run(runs: RunReader, listing: Listing) -> TaskRun | None:
    """Return the newest run of a list; None for an empty list, or after `_MAX_PAGES` pages."""
    for _ in range(_MAX_PAGES):
        page = runs.page(replace(listing, limit=1))
        if page.items:
            return page.items[0]
        if page.continuation_token is None:
            return None
        listing = replace(listing, continuation_token=page.continuation_token)
    return None


def newest_success(runs: RunReader, task: Task) -> TaskRun | None:
    """Return the newest successful run of a Task, by its acceptance."""
    return newest_of(runs, task, Listing(statuses=frozenset({RunStatus.SUCCEEDED})))


def newest_of(runs: RunReader, task: Task, listing: Listing) -> TaskRun | None:
    """Return the newest run of a Task in a list.

    A run of a deleted Task of the same name does not count. All runs of the present Task are newer.
    """
    run = newest_run(runs, replace(listing, task=task.name))
    return None if run is None or run.born != task.row.born else run
