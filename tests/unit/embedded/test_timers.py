"""Timers of the embedded host on a fake clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_embedded.timers import (
    CLOCK_CHECK,
    Due,
    DueTimes,
    Timer,
    Watch,
    WatchStep,
    daily,
    each_minute,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """A clock that advances by `sleep`; a jump happens in the first sleep after it was planned."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now
        self.jump = timedelta()
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at += timedelta(seconds=seconds) + self.jump
        self.jump = timedelta()


class Calls:
    """Runs a timer until it was called a number of times."""

    def __init__(self, clock: FakeClock, enough: int) -> None:
        self.clock = clock
        self.at: list[datetime] = []
        self._enough = enough
        self.during: Callable[[], None] = lambda: None

    async def __call__(self) -> None:
        self.at.append(self.clock.now())
        if len(self.at) >= self._enough:
            raise asyncio.CancelledError
        self.during()

    def seconds(self) -> list[float]:
        """Return the times of the calls, in seconds after noon."""
        return [(at - NOON).total_seconds() for at in self.at]


def _run(calls: Calls, next_after: Due = each_minute, **options: object) -> list[float]:
    timer = Timer(name="t", next_after=next_after, call=calls, clock=calls.clock, **options)  # pyright: ignore[reportArgumentType]
    with suppress(asyncio.CancelledError):
        asyncio.run(timer.run())
    return calls.seconds()


@pytest.mark.parametrize(
    ("start", "at_start", "expected"),
    [
        pytest.param(20, False, [60, 120, 180], id="at the next minutes"),
        pytest.param(20, True, [20, 60, 120], id="also at the start"),
        pytest.param(0, False, [60, 120, 180], id="a due time is not taken twice"),
    ],
)
def test_a_timer_is_called_at_each_due_time(
    start: float, at_start: bool, expected: list[float]
) -> None:
    calls = Calls(FakeClock(NOON + timedelta(seconds=start)), enough=3)

    assert _run(calls, at_start=at_start) == expected
    assert max(calls.clock.sleeps) <= CLOCK_CHECK


def test_times_missed_in_a_suspended_machine_lead_to_one_call_at_once() -> None:
    calls = Calls(FakeClock(), enough=2)
    calls.clock.jump = timedelta(hours=2, seconds=5)

    assert _run(calls) == [7220, 7260]


def test_a_clock_that_is_set_back_does_not_stop_the_timer() -> None:
    clock = FakeClock()
    calls = Calls(clock, enough=2)
    clock.jump = timedelta(hours=-2)

    assert _run(calls) == [-7140, -7080]


def test_a_call_that_takes_longer_than_the_interval_skips_the_times_in_between() -> None:
    clock = FakeClock()
    calls = Calls(clock, enough=2)

    def work() -> None:
        clock.at += timedelta(seconds=130)

    calls.during = work

    assert _run(calls) == [60, 240]


def test_a_call_that_fails_is_logged_and_the_next_one_happens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = Calls(FakeClock(), enough=2)

    def fail() -> None:
        raise ValueError("on purpose")

    calls.during = fail

    assert _run(calls) == [60, 120]
    assert "A timer failed; its next call is at its next due time." in caplog.text


def test_a_failure_of_the_storage_is_logged_in_one_sentence_and_a_defect_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    full = Unavailable("polysync.db cannot be written, because the disk is full.")

    def fail_with(*errors: Exception) -> logging.LogRecord:
        calls = Calls(FakeClock(), enough=2)

        def fail() -> None:
            raise ExceptionGroup("Steps of the tick have failed.", errors)

        calls.during = fail
        _run(calls)
        return caplog.records[-1]

    known = fail_with(full, Unavailable(str(full)))
    assert not known.exc_info
    assert known.__dict__["error"] == str(full)
    assert fail_with(full, ValueError("on purpose")).exc_info


def test_a_daily_timer_has_its_next_time_today_or_tomorrow() -> None:
    next_after = daily(time(3, 17))

    assert next_after(datetime(2026, 11, 23, 3, 16, 59, tzinfo=UTC)).day == 23
    assert next_after(datetime(2026, 11, 23, 3, 17, tzinfo=UTC)).day == 24
    assert next_after(datetime(2026, 12, 31, 4, tzinfo=UTC)) == datetime(
        2027, 1, 1, 3, 17, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(None, [55020], id="at the first start not at once"),
        pytest.param(-3600, [0], id="missed while no host ran"),
        pytest.param(55020, [55020], id="not missed"),
    ],
)
def test_a_time_missed_without_a_host_leads_to_one_call_at_the_start(
    tmp_path: Path, stored: float | None, expected: list[float]
) -> None:
    due_times = DueTimes(tmp_path / "timers.json")
    if stored is not None:
        due_times.note("t", NOON + timedelta(seconds=stored))
    calls = Calls(FakeClock(), enough=1)

    assert _run(calls, daily(time(3, 17)), due_times=due_times) == expected


def test_the_next_due_time_is_stored(tmp_path: Path) -> None:
    due_times = DueTimes(tmp_path / "timers.json")
    calls = Calls(FakeClock(), enough=2)
    _run(calls, daily(time(3, 17)), due_times=due_times)

    assert due_times.read("t") == datetime(2026, 11, 25, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"t": 3}', '{"t": "soon"}'])
def test_an_unreadable_file_of_due_times_is_ignored(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "timers.json").write_text(content)

    assert DueTimes(tmp_path / "timers.json").read("t") is None
    assert "cannot be read" in caplog.text


def _watch(clock: FakeClock, step: WatchStep) -> list[float]:
    with suppress(asyncio.CancelledError):
        asyncio.run(Watch(name="w", step=step, clock=clock).run())
    return clock.sleeps


def test_a_watch_waits_as_long_as_its_step_says() -> None:
    clock, seen = FakeClock(), list[datetime]()

    async def step(since: datetime) -> tuple[datetime, timedelta]:
        if len(seen) == 3:
            raise asyncio.CancelledError
        seen.append(since)
        return clock.now(), timedelta(seconds=len(seen) / 10)

    assert _watch(clock, step) == [0.1, 0.2, 0.3]
    assert seen == [NOON, NOON, NOON + timedelta(seconds=0.1)]


def test_a_failed_step_of_a_watch_is_repeated_after_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, calls = FakeClock(), list[datetime]()

    async def step(since: datetime) -> tuple[datetime, timedelta]:
        calls.append(since)
        if len(calls) == 1:
            raise Unavailable
        raise asyncio.CancelledError

    assert _watch(clock, step) == [CLOCK_CHECK]
    assert calls == [NOON, NOON]
    assert [getattr(each, "action", None) for each in caplog.records] == ["timer_failed"]
