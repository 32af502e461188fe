"""The work pump, with a fake app."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, Outcome
from devhost.durable.engine import Engine
from devhost.durable.stand_ins import LOCAL
from devhost.durable.timer_queue import TimerQueue
from devhost.durable.work_pump import Limits, WorkPump

BROKEN = Failure(type="ValueError", message="", trace="Traceback …")


def function(name: str, kind: str, **trigger: str) -> Function:
    return Function(id=name, name=name, trigger={"type": kind, "name": "context", **trigger})


class FakeApp:
    """An app with an orchestrator that calls one activity, that activity, and an entity."""

    functions = (
        function("run", "orchestrationTrigger", orchestration="Work"),
        function("double", "activityTrigger"),
        function("count", "entityTrigger", entityName="Counter"),
    )

    def __init__(self) -> None:
        self.inputs: list[tuple[str, TypedData]] = []
        self.failure: Failure | None = None
        self.gate: Callable[[], Awaitable[Any]] = lambda: asyncio.sleep(0)
        self.running = 0
        self.most = 0

    async def invoke(self, function: Function, trigger: TypedData) -> Outcome:
        self.inputs.append((function.name, trigger))
        if function.name == "run":
            return Outcome(value=self._decide(trigger))
        self.running += 1
        self.most = max(self.most, self.running)
        await self.gate()
        self.running -= 1
        if self.failure is not None:
            return Outcome(failure=self.failure)
        if function.name == "double":
            return Outcome(value=TypedData(json="42"))
        return Outcome(value=_encoded(pb.EntityBatchResult()))

    def _decide(self, trigger: TypedData) -> TypedData:
        asked = pb.OrchestratorRequest()
        asked.ParseFromString(base64.b64decode(trigger.text))
        news = {event.WhichOneof("eventType"): event for event in asked.newEvents}
        if "taskCompleted" in news:
            result = news["taskCompleted"].taskCompleted.result.value
            action = _end(pb.ORCHESTRATION_STATUS_COMPLETED, result)
        elif "taskFailed" in news:
            details = news["taskFailed"].taskFailed.failureDetails
            said = json.dumps([details.errorType, details.errorMessage])
            action = _end(pb.ORCHESTRATION_STATUS_COMPLETED, said)
        else:
            action = helpers.new_schedule_task_action(1, "DOUBLE", None, {})
        return _encoded(pb.OrchestratorResponse(instanceId=asked.instanceId, actions=[action]))


def _end(status: Any, result: str) -> pb.OrchestratorAction:
    return helpers.new_complete_orchestration_action(9, status, result)


def _encoded(message: Any) -> TypedData:
    return TypedData(string=base64.b64encode(message.SerializeToString()).decode())


def run(
    app: FakeApp, name: str = "work", *, runs: int = 1, limits: Limits | None = None
) -> list[pb.OrchestrationState]:
    """Start some orchestrations and return their final states."""
    engine = Engine(TimerQueue())

    async def until_ended() -> list[pb.OrchestrationState]:
        WorkPump(engine, app, limits or Limits()).start()  # type: ignore[arg-type]
        for number in range(runs):
            request = pb.CreateInstanceRequest(instanceId=str(number), name=name)
            await asyncio.to_thread(engine.StartInstance, request, LOCAL)
        async with asyncio.timeout(60):
            await _until(lambda: all(_ended(state) for state in _states(engine, runs)))
        return _states(engine, runs)

    return asyncio.run(until_ended())


async def _until(check: Callable[[], bool]) -> None:
    while not check():  # noqa: ASYNC110 - the engine tells its dispatcher alone
        await asyncio.sleep(0.001)


def _states(engine: Engine, runs: int) -> list[pb.OrchestrationState]:
    asked = [
        pb.GetInstanceRequest(instanceId=str(n), getInputsAndOutputs=True) for n in range(runs)
    ]
    return [engine.GetInstance(each, LOCAL).orchestrationState for each in asked]


def _ended(state: pb.OrchestrationState) -> bool:
    return state.orchestrationStatus in (
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
    )


def test_names_are_found_by_the_declared_name_in_any_case() -> None:
    app = FakeApp()
    (ended,) = run(app)

    assert ended.output.value == "42"
    assert [name for name, _ in app.inputs] == ["run", "double", "run"]


def test_an_activity_without_input_gets_null() -> None:
    app = FakeApp()
    run(app)

    assert (app.inputs[1][1].kind, app.inputs[1][1].text) == ("json", "null")


def test_an_activity_that_fails_without_a_message_has_failed() -> None:
    app = FakeApp()
    app.failure = BROKEN
    (ended,) = run(app)

    assert json.loads(ended.output.value) == ["ValueError", "ValueError"]


def test_an_orchestrator_that_the_app_does_not_have_fails() -> None:
    (ended,) = run(FakeApp(), "missing")

    assert ended.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
    assert "missing" in ended.failureDetails.errorMessage


def test_the_limit_of_concurrent_activities_holds_and_each_activity_runs() -> None:
    app = FakeApp()
    app.gate = lambda: asyncio.sleep(0.002)
    ended = run(app, runs=30, limits=Limits(activities=3))

    assert app.most == 3
    assert [state.output.value for state in ended] == ["42"] * 30


def test_an_entity_that_cannot_be_run_keeps_its_state() -> None:
    app, engine = FakeApp(), Engine(TimerQueue())
    app.failure = BROKEN

    async def signal_and_wait() -> str:
        engine.SignalEntity(pb.SignalEntityRequest(instanceId="@counter@one", name="add"), LOCAL)
        engine._entities["@counter@one"].serialized_state = "5"
        WorkPump(engine, app, Limits()).start()  # type: ignore[arg-type]
        async with asyncio.timeout(60):
            await _until(lambda: bool(app.inputs) and not engine._entity_in_flight)
        return engine._entities["@counter@one"].serialized_state or ""

    assert asyncio.run(signal_and_wait()) == "5"
