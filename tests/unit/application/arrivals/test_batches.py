"""Tests of batches of events: when they start, and what happens to them after edits."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.arrivals.receiving import ReceivedResult
from polysync_core.domain.arrivals.cloud_events import read_events
from polysync_core.domain.arrivals.outcomes import ArrivalOutcome
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_platform
from tests.fakes.events_of import blob_created
from tests.unit.api.arrivals.test_receive_events import JOB

VALUES = {"all": "${arrivals.data.url}", "size": "${arrivals.count}", "file": "${arrival.path}"}


class World:
    """An app whose Task collects new files."""

    def __init__(self, **arrival: Any) -> None:
        self.app = FakeApp(a_platform(), JOB)
        self.define(**arrival)

    def define(self, *, enabled: bool = True, name: str = "landing", **arrival: Any) -> None:
        fields = {"name": name, "source": "lake", "parameters": VALUES, **arrival}
        task = {"name": "load", "job": JOB.name, "enabled": enabled, "arrivals": [fields]}
        self.app.define(Task.model_validate(task))

    def receive(self, *paths: str) -> list[ArrivalOutcome]:
        documents: Any = [blob_created(path) for path in paths]
        results: list[ReceivedResult] = self.app.services.event_intake.receive(
            read_events(documents), self.app.engine
        )
        return [outcome.outcome for each in results for outcome in each.outcomes]

    def check(self, **later: float) -> None:
        """Check the batches that are due after a time."""
        self.app.clock.advance(**later)
        self.app.services.batch_check.check(self.app.engine)

    @property
    def runs(self) -> list[TaskRun]:
        page = self.app.services.task_runs.page(Listing(task="load", limit=100))
        return sorted(page.items, key=lambda run: (run.queued_at, run.run_id))

    @property
    def files(self) -> list[int]:
        """The number of files of each run."""
        return [run.arrival.count for run in self.runs if run.arrival is not None]


def test_a_batch_starts_after_the_quiet_time() -> None:
    world = World(quietSeconds=60)
    assert world.receive("in/a", "in/b") == [ArrivalOutcome.COLLECTED] * 2
    world.check(seconds=40)
    world.receive("in/c")
    world.check(seconds=40)
    assert world.runs == []

    world.check(seconds=20)

    (run,) = world.runs
    assert (run.trigger_type, run.status) == (TriggerType.ARRIVAL, RunStatus.QUEUED)
    assert run.arrival is not None
    assert run.arrival.values["arrivals.count"] == 3
    assert run.arrival.values["arrival.path"] == "in/c"
    urls = run.arrival.values["arrivals.data.url"]
    assert urls == [f"https://lake.blob.core.windows.net/in/{name}" for name in "abc"]
    assert [each.id for each in run.arrival.events] == [blob_created()["id"]] * 3
    assert world.app.services.ports.arrivals.next_due(after=run.queued_at) is None


def test_a_batch_waits_for_its_minimum_of_events() -> None:
    world = World(minimumCount=3)
    world.receive("in/a", "in/b")
    world.check(hours=30)
    assert world.runs == []

    world.receive("in/c")
    world.check(seconds=1)

    assert world.files == [3]


def test_a_batch_starts_with_fewer_events_after_the_maximum_wait() -> None:
    world = World(minimumCount=3, maximumWaitSeconds=600)
    world.receive("in/a")
    world.check(seconds=599)
    assert world.runs == []

    world.check(seconds=1)

    assert world.files == [1]


def test_a_stream_of_events_cannot_postpone_the_start_forever() -> None:
    world = World(quietSeconds=60, maximumWaitSeconds=100)
    for number in range(5):
        world.receive(f"in/{number}")
        world.check(seconds=30)

    assert world.files == [4]


def test_a_burst_starts_several_runs() -> None:
    world = World(quietSeconds=60, maximumCount=100)
    for first in range(0, 950, 50):
        world.receive(*(f"in/{first + number}" for number in range(50)))

    world.check(seconds=60)

    assert sorted(world.files) == [50, *[100] * 9]


def test_large_events_start_a_run_earlier() -> None:
    world = World(quietSeconds=60)
    events: Any = [blob_created(f"in/{n}", note="x" * 10_000) for n in range(60)]
    world.app.services.event_intake.receive(read_events(events), world.app.engine)

    world.check(seconds=60)

    assert len(world.files) == 3
    assert sum(world.files) == 60


def test_a_repeated_event_is_in_one_batch_only() -> None:
    world = World(quietSeconds=60)
    world.receive("in/a", "in/a")
    world.check(seconds=60)

    assert world.receive("in/a") == [ArrivalOutcome.REPEATED]
    world.check(days=3)
    world.receive("in/a")
    world.check(days=3)

    assert world.files == [1]


def test_the_purge_forgets_events_after_two_weeks() -> None:
    world = World(quietSeconds=60)
    world.receive("in/a")
    world.check(seconds=60)

    world.app.clock.advance(days=15)
    world.app.services.retention.purge(world.app.engine)
    assert world.receive("in/a") == [ArrivalOutcome.COLLECTED]


def test_an_edit_applies_to_collected_events() -> None:
    world = World(quietSeconds=3600)
    world.receive("in/a")
    world.define(quietSeconds=60)

    world.check(seconds=60)

    assert world.files == [1]


def test_an_arrival_that_no_longer_collects_starts_with_what_came() -> None:
    world = World(quietSeconds=3600)
    world.receive("in/a", "in/b")
    world.define()

    world.check(seconds=0)

    assert world.files == [2]


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"enabled": False, "quietSeconds": 60}, SkipKind.TASK_DISABLED, "the task is disabled"),
        ({"name": "other"}, SkipKind.ARRIVAL_CHANGED, "the arrival was removed"),
    ],
)
def test_events_of_a_stopped_arrival_are_a_skipped_run(
    change: dict[str, Any], kind: SkipKind, reason: str
) -> None:
    world = World(quietSeconds=60)
    world.receive("in/a", "in/b")
    world.define(**change)

    world.check(seconds=0)

    (run,) = world.runs
    assert run.status is RunStatus.SKIPPED
    assert run.reason == f"Skipped: {reason}, and 2 events were collected."
    assert run.skip is not None
    assert run.skip.kind is kind
    assert run.arrival is not None
    assert run.arrival.count == 2


def test_a_deleted_task_ends_its_batch() -> None:
    world = World(quietSeconds=60)
    world.receive("in/a")
    world.app.services.definition_editing.delete(Reference(Kind.TASK, "load"), engine=None)
    world.check(seconds=0)
    world.define(quietSeconds=60)

    world.receive("in/b")
    world.check(seconds=60)

    assert world.files == [1]


@pytest.mark.parametrize("arrival", [{"quietSeconds": 5}, {"minimumCount": 2}])
def test_an_event_between_two_steps_of_a_check_is_not_forgotten(arrival: dict[str, Any]) -> None:
    """Deliver a second event before each storage call of the check of the first one."""
    delivered, number = True, 0
    while delivered:
        number, delivered = number + 1, False
        world = World(**arrival)
        world.receive("in/a")
        calls = 0

        def intercept(_: Any, do: Any, world: World = world, at: int = number) -> Any:
            nonlocal calls, delivered
            calls += 1
            if calls == at:
                delivered = True
                world.app.tables.intercept = lambda _, call: call()
                world.receive("in/b")
            return do()

        world.app.clock.advance(seconds=5)
        world.app.tables.intercept = intercept
        world.check(seconds=0)
        world.app.tables.intercept = lambda _, do: do()
        if not delivered:
            break
        world.check(seconds=6)
        assert sum(world.files) == 2, f"the event before call {number} is lost"
    assert number > 5
