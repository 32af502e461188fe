"""Counts the storage operations needed to learn poll delays from past runs."""

from __future__ import annotations

from bench.stored.counting import CountingTables, empty_database
from bench.stored.filling import fill
from polysync_core.application.runs.poll_planner import DurationHistory
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.polls.learning import MAX_PAST_RUNS
from polysync_core.domain.runs.status import RunStatus
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.sqlite.tables import SqliteTables


def learning(stored: int) -> tuple[int, int]:
    """Return the storage operations that a learned poll plan costs.

    The first number is for the first run of a Task. The second is for each run in the next ten
    minutes.
    """
    with empty_database() as database:
        fill(database, stored)
        storage = CountingTables(SqliteTables(database))
        runs = TableRuns(storage)
        run = runs.page(Listing(statuses=frozenset({RunStatus.SUCCEEDED}), limit=1)).items[0]
        durations = DurationHistory(runs)
        counts: list[int] = []
        for _ in range(2):
            storage.counts.clear()
            if len(durations.of(run, read=True) or ()) != MAX_PAST_RUNS:
                raise RuntimeError("The past runs were not found.")
            counts.append(storage.counts["operations"])
    first, later = counts
    return first, later
