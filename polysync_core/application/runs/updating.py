"""Changing a stored run: read, decide, write if nobody else wrote."""

from __future__ import annotations

from collections.abc import Callable

from polysync_core.application.ports import Runs
from polysync_core.domain.errors import NotFound, StaleETag, Unavailable
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun

_TRIES = 8


def read_run(runs: Runs, run_id: RunId) -> StoredRun:
    """Return a run, or raise `NotFound`."""
    stored = runs.get(run_id)
    if stored is None:
        raise NotFound("There is no task run of this id.")
    return stored


def change_run(
    runs: Runs,
    stored: StoredRun,
    decide: Callable[[TaskRun], TaskRun | None],
) -> StoredRun:
    """Apply `decide` to a run until it is written; None from `decide` leaves the run as it is.

    `decide` sees the newest run at each try, so that it can let another writer's outcome stand.
    Raises `Unavailable` where other writers win every time.
    """
    for _ in range(_TRIES):
        run = decide(stored.run)
        if run is None or run == stored.run:
            return stored
        try:
            return runs.save(stored, run)
        except StaleETag:
            stored = read_run(runs, stored.run.run_id)
    raise Unavailable("The run is being changed by too many writers at once.", retry_after=1)
