"""The time zone of the run variables, for every start of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.runs.identity import parse_run_id
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock, a_job
from tests.fakes.platform import RUNNING, SUCCESS
from tests.fakes.runs import FakeRunTable
from tests.unit.application.runs.attempt_bench import PLATFORM

# Each test builds the whole app.
pytestmark = pytest.mark.slow

EIGHT_IN_SYDNEY = datetime(2026, 11, 28, 21, tzinfo=UTC)
"""08:00 on 29 November in Sydney."""
SYDNEY, BERLIN, KIRITIMATI = "Australia/Sydney", "Europe/Berlin", "Pacific/Kiritimati"
JOB = a_job(
    parameters=[
        {"name": "day", "default": "${run.scheduledTime:%Y-%m-%d}"},
        {"name": "moment", "default": "${run.scheduledTime:%Y-%m-%dT%H:%M:%S%z}"},
        {"name": "instant", "default": "${run.scheduledTime}"},
        {"name": "rows", "direction": "Output"},
    ]
)


def schedule(name: str, zone: str, *, enabled: bool = True) -> Schedule:
    return Schedule(name=name, cron="15 2 * * *", time_zone=zone, enabled=enabled)


def task(*schedules: Schedule, name: str = "daily", **facts: Any) -> Task:
    return Task(name=name, job=JOB.name, schedules=schedules, **facts)


class World:
    """An app that was set up in 2027; its clock was then set back."""

    def __init__(self, *tasks: Task) -> None:
        self.clock, self.runs = FakeClock(datetime(2027, 1, 1, tzinfo=UTC)), FakeRunTable()
        self.app = FakeApp(PLATFORM, JOB, *tasks, clock=self.clock, runs=self.runs)
        self.client, self.engine = self.app.http, self.app.engine
        self.app.platform.reports = [RUNNING]
        self.clock.now = EIGHT_IN_SYDNEY

    def reset(self) -> None:
        """Forget all runs; building the app takes longer than a test."""
        vars(self.runs).update(vars(FakeRunTable()))

    def start(self, name: str = "daily") -> dict[str, Any]:
        """Start a Task by hand, and submit its first attempt."""
        return self.submitted(self.client.post(f"/tasks/{name}/run").json()["runId"])

    def finish(self, run_id: str) -> None:
        """End the first attempt of a run with success."""
        self.app.platform.reports = [SUCCESS]
        self.app.services.attempt_steps.poll(parse_run_id(run_id), 1, AttemptMemo())

    def submitted(self, run_id: str) -> dict[str, Any]:
        """Submit the first attempt, and return the run as the API shows it."""
        self.app.services.attempt_steps.submit(parse_run_id(run_id), 1, AttemptMemo())
        return self.client.get(f"/task-runs/{run_id}").json()


def sent(run: dict[str, Any], name: str = "day") -> str:
    return run["attempts"][0]["parameters"][name]


@pytest.mark.parametrize(
    ("definition", "zone"),
    [
        pytest.param(task(schedule("a", SYDNEY)), SYDNEY, id="its only schedule"),
        pytest.param(
            task(schedule("a", SYDNEY), schedule("b", SYDNEY)), SYDNEY, id="schedules that agree"
        ),
        pytest.param(task(schedule("a", SYDNEY, enabled=False)), SYDNEY, id="a disabled schedule"),
        pytest.param(
            task(schedule("a", SYDNEY, enabled=False), schedule("b", BERLIN)),
            "UTC",
            id="schedules that differ",
        ),
        pytest.param(
            task(schedule("a", BERLIN), time_zone=KIRITIMATI), KIRITIMATI, id="the task's own zone"
        ),
        pytest.param(
            task(schedule("a", SYDNEY), schedule("b", BERLIN), time_zone=SYDNEY),
            SYDNEY,
            id="the task's own zone decides between schedules",
        ),
        pytest.param(task(time_zone=SYDNEY), SYDNEY, id="no schedule"),
        pytest.param(task(), "UTC", id="nothing"),
    ],
)
def test_a_run_by_hand_has_the_zone_of_its_task(definition: Task, zone: str) -> None:
    run = World(definition).start()
    days = {
        SYDNEY: "2026-11-29",
        KIRITIMATI: "2026-11-29",
        BERLIN: "2026-11-28",
        "UTC": "2026-11-28",
    }
    assert (run["timeZone"], sent(run)) == (zone, days[zone])
    assert sent(run, "instant") == "2026-11-28T21:00:00Z"
    assert run["scheduledTime"] is None


def test_a_paused_schedule_still_gives_its_zone() -> None:
    world = World(task(schedule("a", SYDNEY)))
    world.client.post("/tasks/daily/pause", json={"reason": "maintenance"})
    assert sent(world.start()) == "2026-11-29"


def test_a_message_run_has_the_zone_of_its_task() -> None:
    world = World(task(schedule("a", SYDNEY)))
    world.app.services.run_requests.accept("m1", b'{"task": "daily"}', world.engine)
    (run_id,) = world.runs.rows
    run = world.submitted(run_id)
    assert (run["triggerType"], sent(run)) == ("Message", "2026-11-29")


def test_a_backfill_and_its_schedule_send_the_same_day() -> None:
    world = World(task(schedule("a", SYDNEY), schedule("b", BERLIN)))
    body = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-01T23:00:00Z", "schedule": "a"}
    assert world.client.post("/tasks/daily/backfill", json=body).status_code == 202
    (run_id,) = world.runs.rows
    run = world.submitted(run_id)
    assert (run["timeZone"], sent(run)) == (SYDNEY, "2026-11-02")


def test_the_zone_of_the_task_also_holds_for_its_schedules() -> None:
    world = World(task(schedule("a", BERLIN), time_zone=SYDNEY))
    body = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}
    assert world.client.post("/tasks/daily/backfill", json=body).status_code == 202
    (run_id,) = world.runs.rows
    assert sent(world.submitted(run_id), "moment") == "2026-11-01T12:15:00+1100"


def test_a_rerun_sends_the_day_of_the_first_run_even_tomorrow() -> None:
    world = World(task(schedule("a", SYDNEY)))
    first = world.start()
    world.finish(first["runId"])
    world.clock.advance(hours=30)
    again = world.client.post(f"/task-runs/{first['runId']}/rerun").json()["runId"]
    run = world.submitted(again)
    assert (run["timeZone"], sent(run)) == (SYDNEY, "2026-11-29")
    assert run["scheduledTime"] == "2026-11-28T21:00:00.000Z"


@pytest.mark.parametrize(
    ("child_zone", "zone", "day"), [(None, SYDNEY, "2026-11-29"), (BERLIN, BERLIN, "2026-11-28")]
)
def test_a_dependent_run_has_its_own_zone_or_that_of_its_graph_run(
    child_zone: str | None, zone: str, day: str
) -> None:
    child = task(name="child", dependencies=(Dependency(task="daily"),), time_zone=child_zone)
    world = World(task(schedule("a", SYDNEY)), child)
    parent = world.start()
    world.clock.advance(hours=20)
    world.finish(parent["runId"])
    notifier = world.app.services.dependent_notifier
    notifier.notify(parse_run_id(parent["runId"]), ["child"])
    (child_id,) = set(world.runs.rows) - {parent["runId"]}
    run = world.submitted(child_id)
    assert (run["timeZone"], sent(run)) == (zone, day)
    assert sent(run, "instant") == "2026-11-28T21:00:00Z"


def test_a_job_run_has_utc() -> None:
    world = World()
    run_id = world.client.post(f"/jobs/{JOB.name}/run").json()["runId"]
    run = world.submitted(run_id)
    assert (run["timeZone"], sent(run)) == ("UTC", "2026-11-28")


OFFSETS: dict[str, list[tuple[datetime, timedelta]]] = {
    SYDNEY: [
        (datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=11)),
        (datetime(2026, 4, 4, 16, tzinfo=UTC), timedelta(hours=10)),
        (datetime(2026, 10, 3, 16, tzinfo=UTC), timedelta(hours=11)),
    ],
    BERLIN: [
        (datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), timedelta(hours=2)),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), timedelta(hours=1)),
    ],
    "Australia/Lord_Howe": [
        (datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=11)),
        (datetime(2026, 4, 4, 15, tzinfo=UTC), timedelta(hours=10, minutes=30)),
        (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), timedelta(hours=11)),
    ],
    KIRITIMATI: [(datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=14))],
}
"""The offsets of 2026 by the time at which each begins, independent of the product's data."""

near_a_change = st.sampled_from(
    [(zone, since) for zone, changes in OFFSETS.items() for since, _ in changes]
).flatmap(
    lambda each: st.tuples(
        st.just(each[0]),
        st.integers(-7200, 7200).map(lambda seconds: each[1] + timedelta(seconds=seconds)),
    )
)


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {zone: World(task(schedule("a", zone))) for zone in OFFSETS}


@pytest.mark.slow
@given(near_a_change)
def test_a_local_time_is_right_around_every_gap_and_fold(
    worlds: dict[str, World], case: tuple[str, datetime]
) -> None:
    zone, moment = case
    world, offsets = worlds[zone], OFFSETS[zone]
    world.reset()
    world.clock.now = max(moment, offsets[0][0])
    offset = [each for since, each in offsets if since <= world.clock.now][-1]
    local = (world.clock.now + offset).replace(tzinfo=None)
    hours, seconds = divmod(int(offset.total_seconds()), 3600)
    expected = f"{local:%Y-%m-%dT%H:%M:%S}+{hours:02}{seconds // 60:02}"
    run = world.start()
    assert (sent(run, "moment"), sent(run)) == (expected, f"{local:%Y-%m-%d}")


@pytest.mark.slow
@given(near_a_change)
def test_a_backfill_sends_for_a_fire_time_what_a_run_by_hand_sends_at_that_time(
    worlds: dict[str, World], case: tuple[str, datetime]
) -> None:
    zone, moment = case
    world = worlds[zone]
    world.reset()
    world.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    window = {"from": moment.isoformat(), "to": (moment + timedelta(hours=25)).isoformat()}
    found = world.client.post("/tasks/daily/backfill", json=window).json()["runs"]
    fired = world.submitted(found[0]["runId"])
    world.reset()
    world.clock.now = datetime.fromisoformat(fired["scheduledTime"])
    by_hand = world.start()
    assert fired["attempts"][0]["parameters"] == by_hand["attempts"][0]["parameters"]
