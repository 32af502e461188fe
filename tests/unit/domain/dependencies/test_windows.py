"""Tests of the fire times of windows, and of gates that take windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Join, Take
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.dependencies.decisions import GateRules
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, ScheduledFire, Token
from polysync_core.domain.dependencies.windows import (
    Timed,
    Window,
    WindowOutcome,
    fire_time_before,
    interval_begin,
    window_times,
)
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.schedules.fire_times import fire_times
from tests.unit.domain.dependencies.test_decisions import NOON, an_edge, decided, gate, token

HOUR = timedelta(hours=1)
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def timed(cron: str, zone: str = "UTC", *excluded: date, **facts: object) -> Timed:
    calendars = (Calendar(name="c", dates=excluded),) if excluded else ()
    return Schedule(name="s", cron=cron, time_zone=zone, **facts), calendars


@pytest.mark.parametrize(
    ("day", "hours"), [(28, 24), (29, 23), (30, 24)], ids=["before", "spring", "after"]
)
def test_a_day_of_a_zone_has_its_hours(day: int, hours: int) -> None:
    daily = timed("30 4 * * *", "Europe/Berlin")
    until = next(fire_times(daily[0], after=datetime(2026, 3, day, tzinfo=UTC))).scheduled_time
    found = window_times([timed("0 * * * *")], after=interval_begin(daily, until), until=until)
    assert len(found) == hours


def test_a_day_that_a_calendar_excludes_belongs_to_the_next_interval() -> None:
    daily = timed("0 0 * * *", "UTC", date(2026, 3, 1), date(2026, 2, 28))
    assert interval_begin(daily, DAY) == DAY - timedelta(days=3)


def test_fire_times_that_a_calendar_of_the_upstream_excludes_are_not_awaited() -> None:
    upstream = timed("0 */6 * * *", "UTC", date(2026, 3, 1))
    assert window_times([upstream], after=DAY - 24 * HOUR, until=DAY) == (DAY,)


def test_the_first_fire_time_has_an_interval_as_well() -> None:
    daily = timed("0 0 * * *", startAt=DAY)
    assert interval_begin(daily, DAY) == DAY - 24 * HOUR


def test_schedules_of_one_upstream_share_their_instants() -> None:
    found = window_times(
        [timed("0 */2 * * *"), timed("0 */3 * * *")], after=DAY, until=DAY + 6 * HOUR
    )
    assert [(each - DAY) // HOUR for each in found] == [2, 3, 4, 6]


@settings(max_examples=15)
@given(
    cron=st.sampled_from(
        ["* * * * *", "*/7 3 * * *", "15 10 29 2 *", "0 0 1 1 *", "5 4 * * MON", "0 12 31 * *"]
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
    at=st.integers(0, 4_000_000).map(lambda minutes: DAY + timedelta(minutes=minutes)),
)
def test_no_fire_time_lies_between_a_time_and_the_fire_time_before_it(
    cron: str, zone: str, at: datetime
) -> None:
    schedule = timed(cron, zone)
    before = fire_time_before(schedule, at)
    assert before is not None
    assert before < at
    following = next(fire_times(schedule[0], after=before))
    assert following.scheduled_time >= at


FIRE = Token(
    edge=SCHEDULE,
    run_id=RunId("fire"),
    finished_at=NOON,
    status=RunStatus.SUCCEEDED,
    graph_run_id=RunId("fire"),
    fire=ScheduledFire(schedule="s", scheduled_time=NOON, time_zone="UTC"),
)
APART = {"left": {"a"}, "right": {"b"}}


def windowed(
    *statuses: RunStatus | None, join: Join = Join.ALL, within: timedelta | None = None
) -> GateRules:
    """Return a gate with an upstream `a`, and one `w` whose window has these outcomes."""
    times = [NOON - index * HOUR for index in reversed(range(len(statuses)))]
    outcomes = [
        WindowOutcome(scheduled_time=at, run_id=RunId(f"w{index}"), status=status)
        for index, (at, status) in enumerate(zip(times, statuses, strict=True))
        if status is not None
    ]
    window = Window(
        upstream="w",
        after=NOON - len(times) * HOUR,
        until=NOON,
        outcomes=tuple(outcomes),
        awaited=tuple(at for at, each in zip(times, statuses, strict=True) if each is None),
    )
    tokens = tuple(
        token(
            "w", "right/r", run=each.run_id, status=each.status, scheduled_time=each.scheduled_time
        )
        for each in outcomes
    )
    conditions = (Condition.ALWAYS,) if join is Join.ALL_DONE else (Condition.ON_SUCCESS,)
    edge = an_edge("w", *conditions)
    return gate(
        "a",
        GateEdge(upstream="w", requirements=edge.requirements, take=Take.WINDOW, within=within),
        an_edge(SCHEDULE),
        below=APART,
        join=join,
        window=lambda _, __: window,
        tokens_of=lambda _, __: tokens,
        now=NOON + 2 * HOUR,
    )


GOOD, BAD = RunStatus.SUCCEEDED, RunStatus.FAILED
LEFT = token("a", "left/l")


def test_a_window_and_another_upstream_start_one_run() -> None:
    rules = windowed(GOOD, GOOD)
    assert rules.decide([FIRE]) is None
    decision = decided(rules, LEFT, FIRE)
    assert set(decision.used) == {LEFT, FIRE}
    (window,) = decision.recalled
    assert [each.run_id for each in window.outcomes] == ["w0", "w1"]


def test_an_open_window_keeps_the_outcomes_of_other_upstreams() -> None:
    assert windowed(GOOD, None).decide([LEFT, FIRE]) is None


def test_an_unmet_window_ends_its_fire_time_alone() -> None:
    decision = decided(windowed(GOOD, BAD, BAD), LEFT, FIRE)
    assert decision.used == (FIRE,)
    assert "Task 'w' ended as Failed" in (decision.skip_reason or "")
    assert "as 1 more of the window" in (decision.skip_reason or "")
    assert decision.skip is not None
    assert decision.skip.kind is SkipKind.UPSTREAM


def test_a_wait_limit_ends_an_open_window() -> None:
    assert windowed(GOOD, None, within=3 * HOUR).decide([FIRE]) is None
    decision = decided(windowed(GOOD, None, within=2 * HOUR), FIRE)
    assert decision.skip is not None
    assert decision.skip.kind is SkipKind.INCOMPLETE
    assert "has no outcome of 1 of 2 fire times after 7200 seconds" in (decision.skip_reason or "")


def test_with_any_a_window_is_an_alternative() -> None:
    assert decided(windowed(GOOD, join=Join.ANY), FIRE).skip is None
    either = decided(windowed(GOOD, None, join=Join.ANY), LEFT, FIRE)
    assert either.skip is None
    assert either.recalled == ()


def test_all_done_waits_for_each_outcome_of_a_window() -> None:
    assert windowed(BAD, None, join=Join.ALL_DONE).decide([LEFT, FIRE]) is None
    assert decided(windowed(BAD, GOOD, join=Join.ALL_DONE), LEFT, FIRE).skip is None


def test_outcomes_that_were_stored_before_the_edge_took_windows_are_dropped() -> None:
    stored = token("w", "right/r")
    assert decided(windowed(GOOD), stored).void


def test_in_order_no_fire_time_overtakes_an_earlier_one() -> None:
    later = Token(
        edge=SCHEDULE,
        run_id=RunId("later"),
        finished_at=NOON + HOUR,
        status=GOOD,
        graph_run_id=RunId("later"),
        fire=ScheduledFire(schedule="s", scheduled_time=NOON + HOUR, time_zone="UTC"),
    )
    open_at_noon = windowed(None).window("w", FIRE.fire or later.fire)
    whole = windowed(GOOD)
    edges = tuple(edge for edge in whole.edges if edge.upstream != "a")
    facts = {
        "task": "child",
        "edges": edges,
        "descends": whole.descends,
        "tokens_of": whole.tokens_of,
        "window": lambda name, fire: (
            open_at_noon if fire.scheduled_time == NOON else whole.window(name, fire)
        ),
    }
    assert GateRules(**facts, in_order=True).decide([FIRE, later]) is None
    assert decided(GateRules(**facts), FIRE, later).used == (later,)
