"""The in-memory engine in a host that runs for days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb

from devhost.durable.engine import Engine, Retention
from devhost.durable.stand_ins import LOCAL
from devhost.durable.timer_queue import TimerQueue


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.began = datetime.now(UTC).timestamp()

    def timer_queue(self) -> TimerQueue:
        return TimerQueue(monotonic=lambda: self.passed, wall=lambda: self.began + self.passed)


class Bench:
    """An engine without a server; the test controls its timers and plays the app."""

    def __init__(self, retention: Retention | None = None) -> None:
        self.clock = Clock()
        self.timer_queue = self.clock.timer_queue()
        self.engine = Engine(self.timer_queue, retention=retention or Retention())
        self.rang = 0
        self.engine.on_work(self._ring)

    def _ring(self) -> None:
        self.rang += 1

    def begin(self, instance_id: str = "one", at: datetime | None = None) -> None:
        request = pb.CreateInstanceRequest(instanceId=instance_id, name="work")
        if at is not None:
            request.scheduledStartTimestamp.FromDatetime(at)
        self.engine.StartInstance(request, LOCAL)

    def answer(self, *actions: pb.OrchestratorAction) -> pb.OrchestratorRequest:
        """Take the next orchestration, answer it, and return its request."""
        item = self.engine.take_orchestration()
        assert item is not None
        self.complete(item, *actions)
        return item.orchestratorRequest

    def complete(self, item: pb.WorkItem, *actions: pb.OrchestratorAction) -> None:
        self.engine.CompleteOrchestratorTask(
            pb.OrchestratorResponse(
                instanceId=item.orchestratorRequest.instanceId,
                completionToken=item.completionToken,
                actions=actions,
            ),
            LOCAL,
        )

    def finish_activity(self, result: str = "1") -> None:
        work = self.engine.take_activity()
        assert work is not None
        self.finish(work, result)

    def finish(self, work: Any, result: str = "1") -> None:
        answer = pb.ActivityResponse(
            instanceId=work.instance_id,
            taskId=work.task_id,
            completionToken=str(work.completion_token),
        )
        answer.result.value = result
        self.engine.CompleteActivityTask(answer, LOCAL)

    def pass_time(self, seconds: float) -> None:
        self.clock.passed += seconds
        for action in self.timer_queue.take_due():
            action()

    def status(self, instance_id: str = "one") -> str | None:
        found = self.engine.GetInstance(pb.GetInstanceRequest(instanceId=instance_id), LOCAL)
        if not found.exists:
            return None
        return helpers.get_orchestration_status_str(found.orchestrationState.orchestrationStatus)

    def signal(self, entity_id: str, at: datetime | None = None) -> None:
        request = pb.SignalEntityRequest(instanceId=entity_id, name="add", requestId="r")
        if at is not None:
            request.scheduledTime.FromDatetime(at)
        self.engine.SignalEntity(request, LOCAL)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def activity(task_id: int) -> pb.OrchestratorAction:
    return helpers.new_schedule_task_action(task_id, "double", "1", {})


def timer(task_id: int, seconds: float) -> pb.OrchestratorAction:
    fire_at = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
    return helpers.new_create_timer_action(task_id, fire_at)


def end(status: Any = pb.ORCHESTRATION_STATUS_COMPLETED) -> pb.OrchestratorAction:
    return helpers.new_complete_orchestration_action(9, status, result="null")


def again() -> pb.OrchestratorAction:
    return end(pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW)


def kinds(request: pb.OrchestratorRequest) -> list[str | None]:
    return [event.WhichOneof("eventType") for event in request.newEvents]


def test_a_run_goes_from_episode_to_episode(bench: Bench) -> None:
    bench.begin()
    bench.answer(activity(1))
    bench.finish_activity()
    asked = bench.answer(timer(2, 10))
    assert kinds(asked) == ["orchestratorStarted", "taskCompleted"]
    bench.pass_time(11)
    assert kinds(bench.answer(end())) == ["orchestratorStarted", "timerFired"]

    assert bench.status() == "COMPLETED"


def test_all_new_work_calls_the_listener(bench: Bench) -> None:
    bench.begin()
    started = bench.rang
    bench.answer(activity(1))
    scheduled = bench.rang
    bench.finish_activity()

    assert 0 < started < scheduled < bench.rang


def test_an_orchestration_in_flight_is_not_taken_twice(bench: Bench) -> None:
    bench.begin()
    item = bench.engine.take_orchestration()
    assert item is not None
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="answer"), LOCAL)

    assert bench.engine.take_orchestration() is None
    bench.complete(item)
    assert kinds(bench.answer(end())) == ["orchestratorStarted", "eventRaised"]


def test_a_timer_fires_no_earlier_than_it_is_due(bench: Bench) -> None:
    bench.begin()
    bench.answer(timer(1, 60))
    bench.pass_time(58)

    assert bench.engine.take_orchestration() is None
    bench.pass_time(3)
    assert bench.engine.take_orchestration() is not None


def test_the_end_of_a_run_cancels_its_timers(bench: Bench) -> None:
    bench.begin()
    bench.answer(timer(1, 86400), activity(2))
    bench.finish_activity()
    bench.answer(end())

    bench.pass_time(61)
    assert len(bench.timer_queue) == 0


def test_a_timer_of_an_earlier_generation_does_not_fire_in_the_next(bench: Bench) -> None:
    bench.begin()
    bench.answer(timer(1, 10))
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="go"), LOCAL)
    bench.answer(again())
    bench.answer(timer(1, 100))
    bench.pass_time(50)

    assert bench.engine.take_orchestration() is None
    bench.pass_time(60)
    assert bench.engine.take_orchestration() is not None


def test_a_result_of_an_earlier_generation_is_dropped(bench: Bench) -> None:
    bench.begin()
    bench.answer(activity(1))
    late = bench.engine.take_activity()
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="go"), LOCAL)
    bench.answer(again())
    bench.answer(activity(1))
    bench.finish(late, "old")
    assert bench.engine.take_orchestration() is None

    bench.finish_activity("new")
    asked = bench.answer(end())
    assert asked.newEvents[-1].taskCompleted.result.value == "new"


def test_an_event_that_arrives_while_a_generation_ends_is_kept(bench: Bench) -> None:
    bench.begin()
    bench.answer(activity(1))
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="go"), LOCAL)
    item = bench.engine.take_orchestration()
    assert item is not None
    bench.finish_activity()
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="more"), LOCAL)
    bench.complete(item, again())

    assert kinds(bench.answer()) == ["orchestratorStarted", "executionStarted", "eventRaised"]


def test_a_result_for_a_run_that_has_ended_changes_nothing(bench: Bench) -> None:
    bench.begin()
    bench.answer(activity(1), end())
    bench.finish_activity()

    assert bench.engine.take_orchestration() is None
    assert bench.status() == "COMPLETED"


def test_an_ended_id_starts_anew_and_a_running_one_does_not(bench: Bench) -> None:
    bench.begin()
    with pytest.raises(RuntimeError, match="ALREADY_EXISTS"):
        bench.begin()
    bench.answer(end())
    bench.begin()

    assert bench.status() == "PENDING"


def test_a_late_result_of_the_earlier_run_of_an_id_is_dropped(bench: Bench) -> None:
    bench.begin()
    bench.answer(activity(1), end())
    late = bench.engine.take_activity()
    bench.begin()
    bench.answer(activity(1))
    bench.finish(late)

    assert bench.engine.take_orchestration() is None


def test_a_run_with_a_start_time_waits_for_it_even_if_an_event_comes(bench: Bench) -> None:
    bench.begin(at=datetime.now(UTC) + timedelta(seconds=60))
    bench.engine.RaiseEvent(pb.RaiseEventRequest(instanceId="one", name="go"), LOCAL)
    assert bench.engine.take_orchestration() is None

    bench.pass_time(61)
    assert bench.engine.take_orchestration() is not None


def test_a_child_reports_to_its_parent(bench: Bench) -> None:
    bench.begin()
    child = pb.OrchestratorAction(
        id=1,
        createSubOrchestration=pb.CreateSubOrchestrationAction(instanceId="child", name="work"),
    )
    bench.answer(child)
    bench.answer(end())

    assert kinds(bench.answer(end()))[-1] == "subOrchestrationInstanceCompleted"


# Forgetting


def test_ended_runs_are_removed_after_a_while(bench: Bench) -> None:
    bench.begin()
    bench.answer(end())
    bench.pass_time(59)
    assert bench.status() == "COMPLETED"

    bench.pass_time(2)
    assert bench.status() is None


def test_the_number_of_kept_ended_runs_is_limited() -> None:
    bench = Bench(Retention(count=3))
    for number in range(10):
        bench.begin(str(number))
        bench.answer(end())

    assert [bench.status(str(number)) for number in range(10)] == [None] * 7 + ["COMPLETED"] * 3


def test_nothing_grows_with_the_number_of_runs() -> None:
    bench = Bench(Retention(count=2))
    for number in range(50):
        bench.begin(str(number))
        bench.answer(activity(1), timer(2, 3600))
        bench.finish_activity()
        bench.answer(end())

    engine = bench.engine
    sizes = [len(engine._instances), len(engine._executions), len(engine._timers)]
    assert max(*sizes, len(engine._parents), len(engine._deferred), len(bench.timer_queue)) <= 2


# Entities


def run_entity(bench: Bench, state: str | None) -> str:
    item = bench.engine.take_entity()
    assert item is not None
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    if state is not None:
        result.entityState.value = state
    bench.engine.complete_entity(item.entityRequestV2.instanceId, result)
    return item.entityRequestV2.entityState.value


def test_an_entity_has_one_batch_in_flight_and_keeps_its_state(bench: Bench) -> None:
    bench.signal("@counter@one")
    bench.signal("@counter@one")
    item = bench.engine.take_entity()
    assert item is not None
    bench.signal("@counter@one")

    assert len(item.entityRequestV2.operationRequests) == 2
    assert bench.engine.take_entity() is None
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    result.entityState.value = "2"
    bench.engine.complete_entity("@counter@one", result)
    assert run_entity(bench, "3") == "2"


def test_a_delayed_signal_waits_in_the_timer_queue(bench: Bench) -> None:
    bench.signal("@counter@one", at=datetime.now(UTC) + timedelta(seconds=60))
    assert bench.engine.take_entity() is None

    bench.pass_time(61)
    assert bench.engine.take_entity() is not None


def test_an_entity_without_state_is_removed(bench: Bench) -> None:
    bench.signal("@counter@one")
    run_entity(bench, None)

    assert len(bench.engine._entities) == 0


def test_the_result_of_a_removed_entity_is_not_lost(bench: Bench) -> None:
    bench.signal("@counter@one")
    item = bench.engine.take_entity()
    assert item is not None
    bench.engine.CleanEntityStorage(pb.CleanEntityStorageRequest(removeEmptyEntities=True), LOCAL)
    bench.signal("@counter@one")
    result = pb.EntityBatchResult(completionToken=item.completionToken)
    result.entityState.value = "1"
    bench.engine.complete_entity("@counter@one", result)

    assert run_entity(bench, "2") == "1"


def test_clients_cannot_take_work(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="UNIMPLEMENTED"):
        bench.engine.GetWorkItems(pb.GetWorkItemsRequest(), LOCAL)


def test_an_entity_starts_an_orchestration_once(bench: Bench) -> None:
    start = pb.OperationAction(
        startNewOrchestration=pb.StartNewOrchestrationAction(instanceId="one", name="work")
    )
    for _ in range(2):
        bench.signal("@counter@one")
        item = bench.engine.take_entity()
        assert item is not None
        result = pb.EntityBatchResult(completionToken=item.completionToken, actions=[start])
        result.entityState.value = "1"
        bench.engine.complete_entity("@counter@one", result)

    bench.answer(end())
    assert bench.engine.take_orchestration() is None
    assert bench.status() == "COMPLETED"
