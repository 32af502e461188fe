"""Tests of stored deadlines, their index and the list of missed ones, on every storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.deadlines.state import DeadlineState
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport
from polysync_core.domain.errors import StaleETag
from polysync_core.storage.deadlines import TableDeadlines
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON

pytestmark = pytest.mark.azurite
_MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(storage: Tables) -> TableDeadlines:
    return TableDeadlines(storage)


def a_state(task: str, due: datetime | None) -> DeadlineState:
    return DeadlineState(
        task=task, born=1, revision="r", watermark=NOON, since=NOON, due=due, schedules={}
    )


def a_report(task: str, at: datetime) -> DeadlineReport:
    miss = Miss(
        kind=DeadlineKind.LATE,
        at=at,
        opened_at=at,
        cause=MissCause.RUNNING,
        reason="It is late.",
        reported_at=at,
    )
    return DeadlineReport(task=task, miss=miss)


def test_only_the_due_part_of_the_index_is_read(store: TableDeadlines) -> None:
    for number in range(6):
        store.put(a_state(f"task-{number}", NOON + number * _MINUTE), replacing=None)
    store.put(a_state("idle", None), replacing=None)
    due = store.due(NOON + 2 * _MINUTE, limit=10)
    assert [each.task for each in due] == ["task-0", "task-1", "task-2"]
    assert store.next_due(after=NOON + 2 * _MINUTE) == NOON + 3 * _MINUTE
    assert store.next_due(after=NOON + 5 * _MINUTE) is None


def test_a_state_moves_with_its_entry(store: TableDeadlines) -> None:
    stored = store.put(a_state("load", NOON), replacing=None)
    moved = store.put(a_state("load", NOON + _MINUTE), replacing=stored)
    assert store.get("load") == moved
    assert store.due(NOON, limit=10) == []
    idle = store.put(a_state("load", None), replacing=moved)
    assert store.due(NOON + _MINUTE, limit=10) == []
    store.remove(idle)
    assert store.get("load") is None


def test_one_of_two_writers_fails(store: TableDeadlines) -> None:
    stored = store.put(a_state("load", NOON), replacing=None)
    store.put(a_state("load", NOON + _MINUTE), replacing=stored)
    with pytest.raises(StaleETag):
        store.put(a_state("load", NOON + 2 * _MINUTE), replacing=stored)
    with pytest.raises(StaleETag):
        store.remove(stored)
    with pytest.raises(StaleETag):
        store.put(a_state("load", NOON), replacing=None)


def test_reports_are_listed_newest_first_and_deleted_by_age(store: TableDeadlines) -> None:
    reports = [a_report("load", NOON + number * _MINUTE) for number in range(4)]
    for report in reports:
        store.report(report)
    recovered = replace(reports[2], recovered_at=NOON + 9 * _MINUTE)
    store.report(recovered)
    assert store.reports(NOON + _MINUTE, limit=2) == [reports[3], recovered]
    assert len(store.reports(NOON, limit=10)) == 4
    assert store.purge(NOON + 2 * _MINUTE, lambda: True) == 2
    assert store.reports(NOON, limit=10) == [reports[3], recovered]
