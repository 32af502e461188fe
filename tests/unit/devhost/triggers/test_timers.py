"""Timer triggers on a fake clock."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, Outcome
from devhost.triggers.timers import Clock, DueTimes, TimerTrigger

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock(Clock):
    """A clock that advances only by `sleep`."""

    def __init__(self, now: datetime = NOON) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class FakeApp:
    """An app with one function, which may be slow or fail."""

    def __init__(self, *, takes: float = 0, fails: bool = False, calls: int = 1) -> None:
        self.clock = FakeClock()
        self.calls: list[tuple[datetime, bool]] = []
        self._takes = takes
        self._fails = fails
        self._enough = calls

    async def invoke(self, _: Function, trigger: TypedData, **__: Any) -> Outcome:
        self.calls.append((self.clock.now(), json.loads(trigger.text)["IsPastDue"]))
        if len(self.calls) >= self._enough:
            raise asyncio.CancelledError
        await self.clock.sleep(self._takes)
        failed = Failure(type="ValueError", message="on purpose", trace="")
        return Outcome(failure=failed if self._fails else None)

    def seconds(self) -> list[float]:
        """Return the times of the calls, in seconds after noon."""
        return [(at - NOON).total_seconds() for at, _ in self.calls]


def function(schedule: str, **options: Any) -> Function:
    trigger = {"type": "timerTrigger", "name": "tick", "schedule": schedule, **options}
    return Function(id="1", name="tick", trigger=trigger)


def run(app: FakeApp, timer: Function, record: Path) -> FakeApp:
    """Run the timer until the app has received all calls."""

    async def until_enough() -> None:
        with suppress(asyncio.CancelledError):
            trigger = TimerTrigger(app, timer, DueTimes(record), app.clock)  # type: ignore[arg-type]
            await trigger.run()

    asyncio.run(until_enough())
    return app


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "timers.json"


def test_a_timer_fires_at_its_times(record: Path) -> None:
    app = run(FakeApp(calls=3), function("30 * * * * *"), record)

    assert app.seconds() == [30, 90, 150]
    assert [late for _, late in app.calls] == [False] * 3


def test_a_timer_that_runs_on_startup_fires_at_once_and_then_at_its_times(record: Path) -> None:
    app = run(FakeApp(calls=2), function("30 * * * * *", runOnStartup=True), record)

    assert app.seconds() == [0, 30]


def test_a_missed_tick_is_called_once_and_marked_as_late(record: Path) -> None:
    DueTimes(record).note("tick", "0 30 * * * *", NOON - timedelta(hours=5))
    app = run(FakeApp(calls=2), function("0 30 * * * *"), record)

    assert app.calls == [(NOON, True), (NOON + timedelta(minutes=30), False)]


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        pytest.param("0 0 1 * * *", {}, id="a schedule that has changed since"),
        pytest.param("0 30 * * * *", {"useMonitor": False}, id="a timer without a monitor"),
    ],
)
def test_no_tick_is_missed(record: Path, stored: str, options: dict[str, Any]) -> None:
    DueTimes(record).note("tick", stored, NOON - timedelta(hours=5))
    app = run(FakeApp(), function("0 30 * * * *", **options), record)

    assert app.calls == [(NOON + timedelta(minutes=30), False)]


def test_a_tick_cut_off_by_a_crash_counts_as_missed(record: Path) -> None:
    run(FakeApp(), function("0 30 * * * *"), record)

    assert DueTimes(record).was_missed("tick", "0 30 * * * *", NOON + timedelta(hours=1))


def test_an_unreadable_record_is_replaced(record: Path) -> None:
    record.write_text("{")

    assert not DueTimes(record).was_missed("tick", "0 0 * * * *", NOON)


def test_a_slow_tick_does_not_overlap_itself_and_skips_the_ticks_in_between(
    record: Path,
) -> None:
    app = run(FakeApp(takes=2.5, calls=3), function("* * * * * *"), record)

    assert app.seconds() == [1, 4, 7]


def test_a_tick_that_fails_is_followed_by_the_next(record: Path) -> None:
    app = run(FakeApp(fails=True, calls=3), function("* * * * * *"), record)

    assert app.seconds() == [1, 2, 3]


def test_a_clock_set_back_does_not_stop_a_timer(record: Path) -> None:
    class PutBack(FakeClock):
        times = 0

        async def sleep(self, seconds: float) -> None:
            self.times += 1
            await super().sleep(-3600 if self.times == 1 else seconds)

    app = FakeApp()
    app.clock = PutBack()
    run(app, function("30 * * * * *"), record)

    assert app.seconds() == [-3600 + 30]


def test_a_timer_that_never_falls_due_ends(record: Path) -> None:
    assert run(FakeApp(), function("0 0 0 30 2 *"), record).calls == []
