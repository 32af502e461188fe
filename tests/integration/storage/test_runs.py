"""Task runs in Table Storage."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.errors import Malformed, StaleETag
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import (
    HistoryEntry,
    RunStatus,
    TaskRun,
    begin_attempt,
    finish,
    new_run,
    note,
)
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON, a_job, a_run

pytestmark = pytest.mark.azurite
_minutes = itertools.count()


@pytest.fixture
def runs(storage: Tables) -> TableRuns:
    return TableRuns(storage)


def stored(runs: TableRuns, **changes: object) -> TaskRun:
    """Store a run, one minute younger than the previous one."""
    run_id = new_run_id()
    facts = {"run_id": run_id, "graph_run_id": run_id, **changes}
    run = a_run(queued_at=NOON + timedelta(minutes=next(_minutes)), **facts)
    run = new_run(run, actor="test")
    runs.index_active(run)
    assert runs.insert(run) is not None
    return run


def ended(runs: TableRuns, status: RunStatus = RunStatus.SUCCEEDED, **changes: object) -> TaskRun:
    run = stored(runs, **changes)
    found = runs.get(run.run_id)
    assert found is not None
    running = runs.save(found, begin_attempt(found.run, at=NOON, actor="polysync"))
    outcome = Outcome(status=status, reason="over")
    done = runs.save(running, finish(running.run, outcome, at=NOON, actor="polysync"))
    runs.deactivate(done.run)
    return done.run


def history(runs: TableRuns, run: TaskRun) -> tuple[HistoryEntry, ...]:
    found = runs.get(run.run_id)
    assert found is not None
    return found.run.history


def listed(runs: TableRuns, **listing: object) -> list[str]:
    """Return the run ids of all pages of a list."""
    found: list[str] = []
    token: str | None = None
    while True:
        page = runs.page(Listing(**listing, continuation_token=token))  # type: ignore[arg-type]
        found += [run.run_id for run in page.items]
        if (token := page.continuation_token) is None:
            return found


def test_a_run_is_read_as_it_was_written(runs: TableRuns) -> None:
    run = stored(runs, parameters={"text": "ä😀" * 20_000})
    found = runs.get(run.run_id)
    assert found is not None
    assert found.run == run


def test_an_existing_run_is_not_inserted_again(runs: TableRuns) -> None:
    run = stored(runs)
    assert runs.insert(new_run(run, actor="another caller")) is None
    assert [entry.actor for entry in history(runs, run)] == ["test"]


def test_the_second_of_two_writers_with_the_same_etag_is_stale(runs: TableRuns) -> None:
    found = runs.get(stored(runs).run_id)
    assert found is not None
    runs.save(found, note(found.run, "first", at=NOON, actor="a"))
    with pytest.raises(StaleETag):
        runs.save(found, note(found.run, "second", at=NOON, actor="b"))
    assert [entry.reason for entry in history(runs, found.run)][1:] == ["first"]


def test_the_history_is_kept_in_order(runs: TableRuns) -> None:
    entries = history(runs, ended(runs))
    assert [entry.to_status for entry in entries] == ["Queued", "Running", "Succeeded"]


def test_lists_are_newest_first_and_page_without_gaps(runs: TableRuns) -> None:
    expected = [ended(runs, task="paged").run_id for _ in range(7)]
    expected.append(stored(runs, task="paged").run_id)
    assert listed(runs, task="paged", limit=3) == expected[::-1]


def test_all_runs_are_listed_across_shards(runs: TableRuns) -> None:
    first = stored(runs, shard="main")
    second = stored(runs, shard="other")
    newest = [run.run_id for run in runs.page(Listing(limit=2)).items]
    assert newest == [second.run_id, first.run_id]


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.QUEUED])
def test_lists_are_filtered_by_status(runs: TableRuns, status: RunStatus) -> None:
    ended(runs, task=f"filtered-{status.lower()}")
    failed = ended(runs, RunStatus.FAILED, task=f"filtered-{status.lower()}")
    queued = stored(runs, task=f"filtered-{status.lower()}")
    wanted = {RunStatus.FAILED: failed, RunStatus.QUEUED: queued}[status].run_id
    only = frozenset({status})
    assert listed(runs, task=f"filtered-{status.lower()}", statuses=only) == [wanted]
    assert wanted in listed(runs, statuses=only)


def test_a_graph_run_lists_its_root_and_its_descendants(runs: TableRuns) -> None:
    root = stored(runs)
    child = stored(runs, graph_run_id=root.run_id, task="child")
    stored(runs)
    assert listed(runs, graph_run_id=root.run_id) == [child.run_id, root.run_id]
    assert listed(runs, graph_run_id=root.run_id, task="child") == [child.run_id]
    assert listed(runs, graph_run_id=root.run_id, task=root.task) == [root.run_id]


def test_only_active_runs_are_in_the_active_index(runs: TableRuns) -> None:
    done, active = ended(runs), stored(runs)
    entries = {item.run_id for item in runs.active_runs()}
    assert active.run_id in entries
    assert done.run_id not in entries


def test_a_repeated_deactivation_changes_nothing(runs: TableRuns) -> None:
    run = ended(runs, task="deactivated")
    runs.deactivate(run)
    assert listed(runs, task="deactivated", statuses=frozenset({RunStatus.SUCCEEDED})) == [
        run.run_id
    ]


def test_a_second_index_entry_is_not_listed_and_can_be_removed(runs: TableRuns) -> None:
    run = stored(runs, task="twice")
    runs.index_active(replace(run, queued_at=run.queued_at - timedelta(seconds=1)))
    assert listed(runs, task="twice") == [run.run_id]
    stale = [
        each
        for each in runs.active_runs()
        if each.run_id == run.run_id and each.queued_at != run.queued_at
    ]
    runs.remove_from_index(stale[0])
    assert [each.queued_at for each in runs.active_runs() if each.run_id == run.run_id] == [
        run.queued_at
    ]


@pytest.mark.parametrize("token", ["x", "1~2~3", "' or '1' eq '1", "9999999999999~"])
def test_an_invalid_continuation_token_is_refused(runs: TableRuns, token: str) -> None:
    with pytest.raises(Malformed):
        runs.page(Listing(continuation_token=token))


def test_lists_continue_across_months(runs: TableRuns) -> None:
    months = [datetime(2026, month, 28, 23, 59, tzinfo=UTC) for month in (1, 2, 3, 5)]
    expected = []
    for month in months:
        for minute in range(2):
            run_id = new_run_id()
            queued = month + timedelta(minutes=minute)
            run = new_run(
                a_run(run_id=run_id, graph_run_id=run_id, queued_at=queued, task="monthly"),
                actor="test",
            )
            runs.index_active(run)
            runs.insert(run)
            expected.append(run_id)
    assert listed(runs, task="monthly", limit=3) == expected[::-1]
    assert listed(runs, limit=3) == expected[::-1]
    assert {entry.run_id for entry in runs.active_runs()} == set(expected)


class TestJobRuns:
    def test_job_runs_are_listed_under_their_job_and_not_among_task_runs(
        self, runs: TableRuns
    ) -> None:
        job = a_job(name=f"job-{new_run_id()}")
        expected = [ended(runs, task=None, job=job).run_id, stored(runs, task=None, job=job).run_id]
        of_task = stored(runs, job=job, task="of-the-same-job")
        assert listed(runs, job=job.name, without_task=True, limit=1) == expected[::-1]
        assert (
            listed(runs, job=job.name, without_task=True, statuses=frozenset({RunStatus.QUEUED}))
            == expected[1:]
        )
        for statuses in (set(), {RunStatus.SUCCEEDED}, {RunStatus.QUEUED}):
            of_tasks = listed(runs, limit=100, statuses=frozenset(statuses))
            assert not set(expected) & set(of_tasks)
        assert listed(runs, graph_run_id=expected[0]) == []
        assert listed(runs, task="of-the-same-job") == [of_task.run_id]

    def test_job_runs_are_in_the_active_index_until_they_are_deactivated(
        self, runs: TableRuns
    ) -> None:
        active, done = stored(runs, task=None), ended(runs, task=None)
        runs.deactivate(done)
        entries = {item.run_id: item for item in runs.active_runs()}
        assert done.run_id not in entries
        assert (entries[active.run_id].task, entries[active.run_id].job) == (None, active.job.name)

    def test_an_index_entry_is_removed_from_the_list_of_its_job(self, runs: TableRuns) -> None:
        job = a_job(name=f"job-{new_run_id()}")
        run = stored(runs, task=None, job=job)
        runs.index_active(replace(run, queued_at=run.queued_at - timedelta(seconds=1)))
        for entries in list(runs.active_runs()):
            if entries.run_id == run.run_id:
                runs.remove_from_index(entries)
        assert listed(runs, job=job.name) == []
        assert runs.get(run.run_id) is not None


def test_many_runs_of_one_task_are_accepted_at_once(runs: TableRuns) -> None:
    """Each run writes the head of the Task, and all but one meet a conflict."""
    accepted: list[TaskRun] = []

    def accept(number: int) -> None:
        run_id = new_run_id()
        facts = {"run_id": run_id, "graph_run_id": run_id, "task": "popular"}
        run = a_run(queued_at=NOON + timedelta(milliseconds=number), **facts)
        runs.index_active(run)
        assert runs.insert(run) is not None
        accepted.append(run)

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(accept, range(200)))

    newest = max(accepted, key=lambda run: run.queued_at)
    assert len(accepted) == 200
    assert runs.heads(["popular"])["popular"].run_id == newest.run_id


def test_ids_are_found_by_their_first_characters(runs: TableRuns) -> None:
    run = stored(runs)
    other = stored(runs)
    assert runs.ids_from(run.run_id[:14], limit=5) == [run.run_id]
    assert runs.ids_from(run.run_id, limit=5) == [run.run_id]
    assert set(runs.ids_from("r", limit=500)) >= {run.run_id, other.run_id}
    assert len(runs.ids_from("r", limit=2)) == 2
    assert runs.ids_from("r9", limit=5) == []
