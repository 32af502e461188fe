"""Compares the checks of deadlines with a plain model of half-hour steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import given, settings

from polysync_core.domain.deadlines.deciding import decide
from polysync_core.domain.deadlines.judging import Facts, Miss
from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.deadlines.state import (
    DeadlineState,
    synced,
    watched,
    with_decision_done,
    with_due,
)
from polysync_core.domain.deadlines.times import Deadline, FireKey, elapsed
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import derived_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.fire_times import fire_times
from tests.fakes.builders import a_run

_MINUTE = timedelta(minutes=1)
_HALF_HOUR = timedelta(minutes=30)
_BEGINS = [
    datetime(2026, 3, 27, 20, 30, tzinfo=UTC),
    datetime(2026, 10, 23, 20, 30, tzinfo=UTC),
    datetime(2026, 12, 1, 0, 0, tzinfo=UTC),
]
_CRONS = ["0 5 * * *", "0 */6 * * *", "30 2 * * *", "0 7 * * 1-5", "15 23 * * *"]
_WALLS = ["07:00", "02:30", "00:00", "23:30", "05:00"]
_ZONES = ["Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe"]

type _Found = dict[tuple[DeadlineKind, datetime], frozenset[datetime]]


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    zone = draw(st.sampled_from(_ZONES))
    schedules = [
        {"name": f"s{number}", "cron": cron, "timeZone": draw(st.sampled_from([zone, "UTC"]))}
        for number, cron in enumerate(draw(st.lists(st.sampled_from(_CRONS), min_size=1)))
    ]
    expect = {"finishedBy": draw(st.sampled_from(_WALLS)), "timeZone": zone}
    expect |= draw(st.sampled_from([{}, {"startedWithinSeconds": 600}]))
    raw = {"name": "t", "job": "j", "schedules": schedules[:3], "expect": expect}
    task = read_definition(Kind.TASK, raw)
    assert isinstance(task, Task)
    return task


class Runs:
    """The runs of all fire times: each ends some minutes after its fire time, or never."""

    def __init__(self, task: Task, begin: datetime, end: datetime, minutes: list[int | None]):
        self.ends: dict[FireKey, datetime | None] = {}
        for schedule in task.schedules:
            fires = fire_times(schedule, after=begin)
            for fire in takewhile(lambda each: each.scheduled_time <= end, fires):
                key = FireKey(fire.scheduled_time, schedule.identity)
                after = minutes[len(self.ends) % len(minutes)]
                late = None if after is None else fire.scheduled_time + after * _MINUTE
                self.ends[key] = late

    def facts(self, subject: Deadline | Miss, now: datetime) -> Facts:
        runs: Mapping[FireKey, list[TaskRun]] = {
            fire: [_run(fire, end)]
            for fire in subject.fires
            if (end := self.ends[fire]) is not None and end <= now
        }
        return Facts(runs=runs)


def _run(fire: FireKey, end: datetime) -> TaskRun:
    return a_run(
        run_id=derived_run_id(fire.schedule, fire.scheduled_time.isoformat()),
        status=RunStatus.SUCCEEDED,
        scheduled_time=fire.scheduled_time,
        started_at=end,
        finished_at=end,
    )


def model(task: Task, runs: Runs, begin: datetime, end: datetime) -> _Found:
    """Return the late fire times of each deadline, by a look at each half hour."""
    walls = list(_walls(task, begin - timedelta(days=2), end + timedelta(days=2)))
    within = task.expect.started_within_seconds if task.expect is not None else None
    found: dict[tuple[DeadlineKind, datetime], set[datetime]] = {}
    for fire, ended in runs.ends.items():
        wall = next(each for each in walls if each > fire.scheduled_time)
        deadlines = [(DeadlineKind.LATE, wall)]
        if within is not None:
            started_by = fire.scheduled_time + timedelta(seconds=within)
            deadlines.append((DeadlineKind.MISSING, started_by))
        for kind, at in deadlines:
            if at <= end and (ended is None or ended > at):
                found.setdefault((kind, at), set()).add(fire.scheduled_time)
    return {key: frozenset(times) for key, times in found.items()}


def _walls(task: Task, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the wall-clock deadline of each local date, in half-hour steps."""
    assert task.expect is not None
    zone, wall = ZoneInfo(task.deadline_zone or ""), task.expect.wall_time
    seen = set[object]()
    moment = begin
    while moment <= end:
        local = moment.astimezone(zone)
        if local.time() >= (wall or local.time()) and local.date() not in seen:
            seen.add(local.date())
            if moment > begin:
                yield moment
        moment += _HALF_HOUR


def checked(task: Task, runs: Runs, times: Iterator[datetime], begin: datetime) -> list[Miss]:
    """Return the misses that checks at some times report."""
    state, misses = synced(task, None, now=begin), list[Miss]()
    for now in times:
        if state.due is not None and state.due <= now:
            state, found = _check(task, state, runs, now)
            misses += found
    return misses


def _check(
    task: Task, state: DeadlineState, runs: Runs, now: datetime
) -> tuple[DeadlineState, tuple[Miss, ...]]:
    passed = elapsed(watched(task, state), after=state.watermark, until=now)
    decision = decide(task, state, passed, lambda subject: runs.facts(subject, now), now=now)
    done = with_decision_done(task, state, decision, now=now)
    # The model knows no recoveries, so nothing is checked again.
    return with_due(task, replace(done, open=()), now=now), decision.misses


def _by_deadline(misses: list[Miss]) -> _Found:
    found = {
        (each.kind, each.at): frozenset(fire.scheduled_time for fire in each.fires)
        for each in misses
    }
    assert len(found) == len(misses), "A deadline was reported twice."
    return found


_minutes = st.lists(st.one_of(st.none(), st.integers(0, 2000)), min_size=1, max_size=5)


@settings(max_examples=40)
@given(
    task=tasks(),
    begin=st.sampled_from(_BEGINS),
    minutes=_minutes,
    steps=st.lists(st.integers(20, 700), min_size=1, max_size=6),
)
def test_checks_at_any_times_report_what_the_model_finds(
    task: Task, begin: datetime, minutes: list[int | None], steps: list[int]
) -> None:
    end = begin + timedelta(days=2)
    runs = Runs(task, begin, end, minutes)

    def times() -> Iterator[datetime]:
        now, number = begin, 0
        while now < end:
            now = min(now + steps[number % len(steps)] * _MINUTE, end)
            number += 1
            yield now

    assert _by_deadline(checked(task, runs, times(), begin)) == model(task, runs, begin, end)


@settings(max_examples=40)
@given(task=tasks(), begin=st.sampled_from(_BEGINS), minutes=_minutes)
def test_the_due_time_is_the_deadline(
    task: Task, begin: datetime, minutes: list[int | None]
) -> None:
    end = begin + timedelta(days=2)
    runs, state = Runs(task, begin, end, minutes), synced(task, None, now=begin)
    misses = list[Miss]()
    while state.due is not None and state.due <= end:
        state, found = _check(task, state, runs, state.due)
        misses += found
    assert _by_deadline(misses) == model(task, runs, begin, end)
    assert all(miss.reported_at == miss.at for miss in misses)
