"""The newest run of each Task, on every storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish, new_run
from polysync_core.domain.runs.stored import ActiveRun, RunHead
from polysync_core.storage.runs.purge import ExpiredRuns
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON, a_run

pytestmark = pytest.mark.azurite
MINUTE = timedelta(minutes=1)


@pytest.fixture
def runs(storage: Tables) -> TableRuns:
    return TableRuns(storage)


def accepted(runs: TableRuns, task: str, at: datetime, **facts: object) -> TaskRun:
    run_id = new_run_id()
    run = a_run(run_id=run_id, graph_run_id=run_id, task=task, queued_at=at, **facts)
    run = new_run(run, actor="test")
    runs.index_active(run)
    assert runs.insert(run) is not None
    return run


def end(runs: TableRuns, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED) -> TaskRun:
    stored = runs.get(run.run_id)
    assert stored is not None
    cause = FailureCause.ARTEFACT if status is RunStatus.FAILED else None
    outcome = Outcome(status=status, reason="over", cause=cause)
    begun = begin_attempt(stored.run, at=NOON, actor="test")
    done = runs.save(stored, finish(begun, outcome, at=NOON, actor="test")).run
    runs.deactivate(done)
    return done


def test_a_task_without_runs_has_no_head(runs: TableRuns) -> None:
    accepted(runs, "other", NOON)
    assert runs.heads(["never"]) == {}
    assert runs.heads([]) == {}


def test_the_head_is_the_newest_run_in_its_present_status(runs: TableRuns) -> None:
    end(runs, accepted(runs, "load", NOON))
    newest = accepted(runs, "load", NOON + MINUTE)
    assert runs.heads(["load"]) == {"load": RunHead.of(newest)}
    failed = end(runs, newest, RunStatus.FAILED)
    (head,) = runs.heads(["load"]).values()
    assert head == RunHead.of(failed)
    assert (head.status, head.cause) == (RunStatus.FAILED, FailureCause.ARTEFACT)


def test_the_end_of_an_older_run_does_not_replace_a_newer_one(runs: TableRuns) -> None:
    older, newer = accepted(runs, "load", NOON), accepted(runs, "load", NOON + MINUTE)
    end(runs, older)
    assert runs.heads(["load"])["load"].run_id == newer.run_id


def test_a_late_writer_of_another_process_does_not_replace_a_newer_run(storage: Tables) -> None:
    one, two = TableRuns(storage), TableRuns(storage)
    first = accepted(one, "load", NOON)
    newest = accepted(two, "load", NOON + 2 * MINUTE)
    between = accepted(one, "load", NOON + MINUTE)
    end(one, first)
    end(one, between)
    assert one.heads(["load"])["load"].run_id == newest.run_id
    ended = end(one, newest)
    assert two.heads(["load"]) == {"load": RunHead.of(ended)}


def test_a_repeated_deactivation_keeps_the_head(runs: TableRuns) -> None:
    done = end(runs, accepted(runs, "load", NOON))
    runs.deactivate(done)
    assert runs.heads(["load"]) == {"load": RunHead.of(done)}
    assert list(runs.active_runs()) == []


def test_a_run_that_was_never_written_gives_the_head_back(runs: TableRuns) -> None:
    done = end(runs, accepted(runs, "load", NOON))
    lost = replace(done, run_id=new_run_id(), queued_at=NOON + MINUTE)
    runs.index_active(lost)
    assert runs.heads(["load"]) == {"load": RunHead.of(done)}
    runs.remove_from_index(ActiveRun.of(lost))
    assert runs.heads(["load"]) == {"load": RunHead.of(done)}
    alone = replace(lost, task="alone")
    runs.index_active(alone)
    runs.remove_from_index(ActiveRun.of(alone))
    assert runs.heads(["alone"]) == {}


def test_two_requests_for_one_run_leave_the_head_of_the_written_one(runs: TableRuns) -> None:
    run = accepted(runs, "load", NOON)
    again = replace(run, queued_at=NOON + MINUTE)
    runs.index_active(again)
    assert runs.insert(again) is None
    assert runs.heads(["load"]) == {"load": RunHead.of(run)}
    runs.remove_from_index(ActiveRun.of(again))
    assert runs.heads(["load"]) == {"load": RunHead.of(run)}
    done = end(runs, run)
    assert runs.heads(["load"]) == {"load": RunHead.of(done)}


def test_heads_of_many_tasks_are_found_in_all_months_and_shards(runs: TableRuns) -> None:
    expected: dict[str, RunHead] = {}
    for number in range(30):
        month = datetime(2026, 1 + number % 3, 5, tzinfo=UTC)
        task = f"task-{number:02}"
        accepted(runs, task, month, shard="main")
        expected[task] = RunHead.of(end(runs, accepted(runs, task, month + MINUTE, shard="other")))
    accepted(runs, "task-30-not-asked", NOON)
    assert runs.heads([*expected, "task-99-never"]) == expected
    assert runs.heads(["task-07"]) == {"task-07": expected["task-07"]}


def test_a_run_of_a_job_without_a_task_has_no_head(runs: TableRuns) -> None:
    run = accepted(runs, "load", NOON)
    alone = new_run(a_run(run_id=new_run_id(), task=None), actor="test")
    runs.index_active(alone)
    assert runs.insert(alone) is not None
    end(runs, alone)
    assert runs.heads(["load", alone.job.name]) == {"load": RunHead.of(run)}


def test_a_deleted_run_is_no_head(storage: Tables) -> None:
    runs = TableRuns(storage)
    active = accepted(runs, "kept", NOON)
    for task in ("kept", "gone"):
        end(runs, accepted(runs, task, NOON + MINUTE))
    ExpiredRuns(storage, runs).purge(NOON + timedelta(days=90), lambda: True)
    assert runs.heads(["kept", "gone"]) == {"kept": RunHead.of(active)}
