"""Tests of the lists of runs by scheduled time, over months and shards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.prerequisites import Prerequisite
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import ActiveRun
from polysync_core.storage.runs.table import TableRuns
from tests.fakes.builders import a_run
from tests.fakes.tables import TableService

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = st.integers(0, 150)


def stored_run(number: int, at: int, delay: int, *, shard: str, task: str, born: int) -> TaskRun:
    scheduled = BEGIN + timedelta(days=at)
    return a_run(
        run_id=RunId(f"r{number}"),
        task=task,
        born=born,
        shard=shard,
        queued_at=scheduled + timedelta(days=delay),
        scheduled_time=scheduled,
        schedule_id="s",
        prerequisites=(Prerequisite.PAST,) if number % 2 else (),
    )


RUNS = st.lists(
    st.tuples(
        DAYS,
        st.integers(0, 60),
        st.sampled_from(["main", "other"]),
        st.sampled_from(["t", "t2"]),
        st.integers(1, 2),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(given_runs=RUNS, at=DAYS, span=st.integers(0, 40))
def test_the_lists_are_those_of_a_sorted_list(
    given_runs: list[tuple[int, int, str, str, int]], at: int, span: int
) -> None:
    table, runs = TableRuns(TableService().storage()), list[TaskRun]()
    for number, (day, delay, shard, task, born) in enumerate(given_runs):
        run = stored_run(number, day, delay, shard=shard, task=task, born=born)
        table.index_active(run)
        runs.append(run)
    own = [run for run in runs if (run.task, run.born) == ("t", 2)]
    moment = BEGIN + timedelta(days=at)
    until = moment + timedelta(days=span)

    assert days(table.scheduled("t", 2, since=moment, until=until)) == sorted(
        (day_of(run) for run in own if at <= day_of(run) < at + span), reverse=True
    )
    assert days(table.earlier("t", 2, before=moment)) == sorted(
        (day_of(run) for run in own if day_of(run) < at), reverse=True
    )
    assert days(table.following("t", 2, after=moment)) == sorted(
        day_of(run) for run in own if day_of(run) > at and run.prerequisites
    )


def day_of(run: TaskRun | ActiveRun) -> int:
    assert run.scheduled_time is not None
    return (run.scheduled_time - BEGIN).days


def days(found: Iterable[ActiveRun]) -> list[int]:
    return [day_of(entry) for entry in found]


def test_an_entry_tells_the_outcome_and_is_removed_with_its_run() -> None:
    table = TableRuns(TableService().storage())
    run = stored_run(1, 3, 0, shard="main", task="t", born=1)
    table.index_active(run)
    (entry,) = table.scheduled("t", 1, since=BEGIN, until=BEGIN + timedelta(days=9))
    assert (entry.status, entry.schedule_id, entry.has_prerequisites) == (None, "s", True)
    table.deactivate(replace(run, status=RunStatus.SUCCEEDED))
    (entry,) = table.following("t", 1, after=BEGIN)
    assert entry.status is RunStatus.SUCCEEDED
    other = stored_run(3, 4, 0, shard="main", task="t", born=1)
    table.index_active(other)
    table.remove_from_index(ActiveRun.of(other))
    assert days(table.earlier("t", 1, before=BEGIN + timedelta(days=9))) == [3]
    assert days(table.following("t", 1, after=BEGIN)) == [3]
