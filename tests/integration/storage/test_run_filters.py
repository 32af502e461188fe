"""Lists of runs by filters, on every storage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId, new_run_id
from polysync_core.domain.runs.listing import Listing, TagFilter
from polysync_core.domain.runs.run import (
    MissedDeadline,
    RunStatus,
    TaskRun,
    TriggerType,
    begin_attempt,
    finish,
    new_run,
)
from polysync_core.storage.runs import table
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON, a_job, a_run

pytestmark = pytest.mark.azurite
HOUR = timedelta(hours=1)


@pytest.fixture
def runs(storage: Tables) -> TableRuns:
    return TableRuns(storage)


def accepted(runs: TableRuns, at: datetime = NOON, **facts: Any) -> TaskRun:
    run_id = new_run_id()
    facts = {"run_id": run_id, "graph_run_id": run_id, "queued_at": at} | facts
    run = new_run(a_run(**facts), actor="test")
    runs.index_active(run)
    assert runs.insert(run) is not None
    return run


def ended(
    runs: TableRuns, outcome: RunStatus, cause: FailureCause | None = None, **facts: Any
) -> TaskRun:
    stored = runs.get(accepted(runs, **facts).run_id)
    assert stored is not None
    begun = begin_attempt(stored.run, at=NOON, actor="test")
    end = Outcome(status=outcome, reason="over", cause=cause)
    done = runs.save(stored, finish(begun, end, at=NOON, actor="test")).run
    runs.deactivate(done)
    return done


def listed(runs: TableRuns, **filters: Any) -> list[str]:
    """Return the run ids of all pages, with a page size that splits the list."""
    found: list[str] = []
    token: str | None = None
    while True:
        page = runs.page(Listing(**filters, limit=2, continuation_token=token))
        found += [run.run_id for run in page.items]
        if (token := page.continuation_token) is None:
            return found


def ids(*found: TaskRun) -> list[str]:
    return [run.run_id for run in found]


def test_several_statuses_are_one_list_by_time(runs: TableRuns) -> None:
    failed = ended(runs, RunStatus.FAILED, at=NOON)
    active = accepted(runs, NOON + HOUR)
    cancelled = ended(runs, RunStatus.CANCELLED, at=NOON + 2 * HOUR)
    ended(runs, RunStatus.SUCCEEDED, at=NOON + 3 * HOUR)
    statuses = frozenset({RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.QUEUED})
    assert listed(runs, statuses=statuses) == ids(cancelled, active, failed)
    assert len(listed(runs, statuses=frozenset(RunStatus))) == 4


@pytest.mark.parametrize("at", [NOON, datetime(2026, 2, 28, 23, 30, tzinfo=UTC)])
def test_times_bound_a_list_to_the_millisecond(runs: TableRuns, at: datetime) -> None:
    steps = [at + number * HOUR for number in range(5)]
    every = [accepted(runs, moment) for moment in steps]
    assert listed(runs, since=steps[2]) == ids(*every[:1:-1])
    assert listed(runs, until=steps[2]) == ids(*every[1::-1])
    assert listed(runs, since=steps[1], until=steps[3]) == ids(every[2], every[1])
    millisecond = timedelta(milliseconds=1)
    assert listed(runs, since=steps[3] + millisecond) == ids(every[4])
    assert listed(runs, since=steps[4], until=steps[4] + millisecond) == ids(every[4])
    assert listed(runs, since=datetime(2900, 1, 1, tzinfo=UTC)) == []
    assert listed(runs, until=datetime(1900, 1, 1, tzinfo=UTC)) == []


def test_facts_of_a_run_are_filters(runs: TableRuns) -> None:
    plain = accepted(runs, NOON, task="plain")
    special = accepted(
        runs,
        NOON + HOUR,
        task="clean-orders",
        job=a_job(name="clean", platform="warehouse"),
        trigger_type=TriggerType.BACKFILL,
        backfill_id=BackfillId("b1"),
        tags={"team": "sales", "tier": ""},
    )
    for filters in (
        {"platform": "warehouse"},
        {"job": "clean"},
        {"trigger": TriggerType.BACKFILL},
        {"backfill_id": BackfillId("b1")},
        {"task_part": "orders"},
        {"tag": TagFilter(name="team")},
        {"tag": TagFilter(name="team", value="sales")},
        {"tag": TagFilter(name="tier", value="")},
        {"task": "clean-orders", "platform": "warehouse"},
        {"graph_run_id": special.graph_run_id},
    ):
        assert listed(runs, **filters) == ids(special), filters
    assert listed(runs, platform=plain.job.platform) == ids(plain)
    assert listed(runs, tag=TagFilter(name="team", value="other")) == []
    assert listed(runs, task="plain", platform="warehouse") == []


def test_a_cause_finds_only_the_failed_runs_with_it(runs: TableRuns) -> None:
    wanted = ended(runs, RunStatus.FAILED, FailureCause.TIMEOUT, at=NOON)
    ended(runs, RunStatus.FAILED, FailureCause.ARTEFACT, at=NOON + HOUR)
    ended(runs, RunStatus.SUCCEEDED, at=NOON + HOUR)
    accepted(runs, NOON + HOUR)
    assert listed(runs, cause=FailureCause.TIMEOUT) == ids(wanted)
    failed = frozenset({RunStatus.FAILED})
    assert listed(runs, cause=FailureCause.TIMEOUT, statuses=failed) == ids(wanted)
    succeeded = frozenset({RunStatus.SUCCEEDED})
    assert listed(runs, cause=FailureCause.TIMEOUT, statuses=succeeded) == []


def test_a_job_lists_its_runs_with_and_without_a_task(runs: TableRuns) -> None:
    job = a_job(name="etl")
    of_task = accepted(runs, NOON, job=job)
    alone = ended(runs, RunStatus.FAILED, at=NOON + HOUR, job=job, task=None)
    active = accepted(runs, NOON + 2 * HOUR, job=job, task=None)
    accepted(runs, NOON + 3 * HOUR)
    assert listed(runs, job="etl") == ids(active, alone, of_task)
    assert listed(runs, job="etl", without_task=True) == ids(active, alone)
    assert listed(runs, job="etl", statuses=frozenset({RunStatus.QUEUED})) == ids(active, of_task)
    assert listed(runs, job="etl", statuses=frozenset({RunStatus.FAILED})) == ids(alone)
    assert alone.run_id not in listed(runs)


def test_a_rare_match_ends_the_page_with_a_token(
    runs: TableRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_MAX_EXAMINED", 10)
    rare = accepted(runs, NOON, task="rare")
    for number in range(25):
        accepted(runs, NOON + HOUR + number * timedelta(minutes=1))
    first = runs.page(Listing(task_part="rare", limit=2))
    assert list(first.items) == []
    assert first.continuation_token is not None
    assert listed(runs, task_part="rare") == ids(rare)


def test_rows_that_do_not_match_are_read_in_bounds(
    runs: TableRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_MAX_READ", 4)
    rare = ended(runs, RunStatus.FAILED, at=NOON, tags={"rare": "yes"})
    for number in range(25):
        ended(runs, RunStatus.FAILED, at=NOON + HOUR + number * timedelta(minutes=1))
    filters: Any = {"tag": TagFilter(name="rare"), "statuses": frozenset({RunStatus.FAILED})}
    page = runs.page(Listing(**filters, limit=2))
    assert (list(page.items), page.continuation_token is None) == ([], False)
    assert listed(runs, **filters) == ids(rare)


@pytest.mark.parametrize(
    "filters",
    [
        {"tag": TagFilter(name="rare")},
        {"tag": TagFilter(name="rare", value="a~b/c#?")},
        {"platform": "seldom"},
        {"job": "etl"},
        {"trigger": TriggerType.MESSAGE},
        {"backfill_id": BackfillId("b1")},
        {"cause": FailureCause.TIMEOUT},
        {"task": "rare"},
        {"late": True},
        {"platform": "seldom", "tag": TagFilter(name="rare"), "trigger": TriggerType.MESSAGE},
        {"platform": "seldom", "cause": FailureCause.TIMEOUT},
    ],
    ids=str,
)
def test_a_filter_examines_only_entries_that_match(
    runs: TableRuns, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any]
) -> None:
    """A page with a match after many others ends without a further page."""
    monkeypatch.setattr(table, "_MAX_EXAMINED", 3)
    monkeypatch.setattr(table, "_MAX_READ", 3)
    job = a_job(name="etl", platform="seldom")
    mark = MissedDeadline(kind=DeadlineKind.LATE, at=NOON, noticed_at=NOON)
    rare = ended(
        runs,
        RunStatus.FAILED,
        FailureCause.TIMEOUT,
        task="rare",
        job=job,
        trigger_type=TriggerType.MESSAGE,
        backfill_id=BackfillId("b1"),
        tags={"rare": "a~b/c#?", "team": "x"},
        missed_deadlines=(mark,),
    )
    runs.index_late(rare)
    for number in range(12):
        at = NOON + HOUR + number * timedelta(minutes=1)
        ended(runs, RunStatus.FAILED, FailureCause.ARTEFACT, at=at, tags={"team": "x"})
    page = runs.page(Listing(**filters, limit=2))
    assert (ids(*page.items), page.continuation_token) == (ids(rare), None)


def test_a_run_may_have_more_tags_than_one_transaction_takes(runs: TableRuns) -> None:
    tags = {f"tag-{number}": str(number) for number in range(130)}
    run = accepted(runs, tags=tags)
    for number in (0, 70, 129):
        tag = TagFilter(name=f"tag-{number}", value=str(number))
        assert listed(runs, tag=tag) == ids(run)


def test_the_count_of_a_list_is_bounded(runs: TableRuns) -> None:
    for number in range(5):
        ended(runs, RunStatus.FAILED, at=NOON + number * HOUR)
    failed = Listing(statuses=frozenset({RunStatus.FAILED}), since=NOON + HOUR)
    assert runs.count(failed, limit=100) == 4
    assert runs.count(failed, limit=3) == 3


def test_late_runs_are_a_list_of_their_own(runs: TableRuns) -> None:
    mark = MissedDeadline(kind=DeadlineKind.LATE, at=NOON, noticed_at=NOON)
    late = accepted(runs, NOON, missed_deadlines=(mark,))
    accepted(runs, NOON + HOUR)
    runs.index_late(late)
    runs.index_late(late)
    assert [run.run_id for run in runs.page(Listing(late=True)).items] == [late.run_id]
    assert runs.page(Listing(late=True, since=NOON + HOUR)).items == []
    assert runs.page(Listing(late=True, task="other")).items == []
