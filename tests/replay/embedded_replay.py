"""Gives recorded events to the embedded engine, and compares it with Durable Functions.

For every episode the embedded engine must ask for the same activities, timers and messages as the
worker of Durable Functions, with the same inputs, in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from durabletask.internal import orchestrator_service_pb2 as pb

from orchestrations.dispatcher_messages import Start
from orchestrations.durable_functions import DURABLE_FUNCTIONS, DurableFunctions
from polysync_core.domain.dispatch.codec import encode_state
from polysync_embedded.engine.activity_calls import ActivityCall
from polysync_embedded.engine.dispatchers import Dispatchers
from polysync_embedded.engine.engine import EmbeddedEngine
from polysync_embedded.engine.json_values import as_json
from polysync_embedded.engine.ports import Step
from tests.fakes.virtual_loop import START, VirtualClock, VirtualLoop
from tests.replay.history_replay import episodes_of, run_episode

_STARTED = "started"


class Action(NamedTuple):
    """A request of an orchestration: its kind, its content, and how a test answers it."""

    kind: str
    content: Any
    answer: Any = None


class _FixedClock(VirtualClock):
    def __call__(self) -> datetime:
        return self.now


class _RecordingLoop(VirtualLoop):
    """A loop whose timers fire when a test says so."""

    def __init__(self, clock: VirtualClock, actions: list[Action]) -> None:
        super().__init__(clock)
        self._actions = actions

    def at(self, moment: datetime, step: Step) -> Step:
        action = Action("timer", moment, step)
        self._actions.append(action)

        def cancel() -> None:
            # Durable Functions does not ask for a timer that its own episode cancels.
            self._actions[:] = [each for each in self._actions if each is not action]

        return cancel


class ReplayedEngine(EmbeddedEngine):
    """The embedded engine, which records what its one orchestration asks for."""

    def __init__(self, instance: str) -> None:
        self.actions: list[Action] = []
        self._instance = instance
        self._clock = _FixedClock()
        self._open: dict[int, Any] = {}
        self._running = _RecordingLoop(self._clock, self.actions)
        super().__init__(
            clock=self._clock, loop=self._running, workers=self, functions=self._functions()
        )

    def run(self, call: ActivityCall) -> None:
        content = (call.name, json.loads(call.encoded_input))
        self.actions.append(Action("activity", content, partial(call.answer, call)))

    def hurry(self, call: ActivityCall) -> None:
        """Leave the order of the calls as the history has it."""

    def give(self, new: Sequence[pb.HistoryEvent]) -> list[Action]:
        """Give the events of one episode, and return the actions of that episode."""
        for event in new:
            self._give(event)
            # Durable Functions also continues an orchestration before it takes the next event.
            while self._running.run_next():
                """The steps request further actions."""
        # The embedded engine continues as new at once. Its new execution is the next episode.
        begins = any(event.HasField("executionStarted") for event in new)
        starts = [at for at, action in enumerate(self.actions) if action.kind == _STARTED]
        end = next(iter(starts[begins:]), len(self.actions))
        of_episode = self.actions[:end]
        del self.actions[:end]
        return [action for action in of_episode if action.kind != _STARTED]

    def remember(self, number: int, action: Action) -> None:
        """Remember an action under its number in the history."""
        self._open[number] = action.answer

    def _give(self, event: pb.HistoryEvent) -> None:
        match event.WhichOneof("eventType"):
            case "orchestratorStarted":
                self._clock.now = event.timestamp.ToDatetime(tzinfo=UTC)
            case "executionStarted" if not self.actions:
                work = json.loads(event.executionStarted.input.value)
                self._start(Start(event.executionStarted.name, work, self._instance))
            case "taskCompleted":
                done = event.taskCompleted
                self._open[done.taskScheduledId](json.loads(done.result.value), None)
            case "taskFailed":
                failed = event.taskFailed
                self._open[failed.taskScheduledId](None, RuntimeError("failed"))
            case "timerFired":
                self._open[event.timerFired.timerId]()
            case "eventRaised":
                self._raise_event(self._instance, event.eventRaised.name)
            case _:
                pass

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        self.actions.append(Action("signal", (shard, operation, as_json(message))))

    def _functions(self) -> DurableFunctions:
        def recorded(function: Callable[..., Any]) -> Callable[..., Generator[Any, Any]]:
            def start(context: Any, work: Any) -> Generator[Any, Any]:
                self.actions.append(Action(_STARTED, work))
                return function(context, work)

            return start

        return DurableFunctions(
            orchestrations={
                name: recorded(each) for name, each in DURABLE_FUNCTIONS.orchestrations.items()
            },
            activities=dict.fromkeys(DURABLE_FUNCTIONS.activities, lambda work: {}),
        )


def compare_history(history: dict[str, Any]) -> ReplayedEngine:
    """Run every episode of a recording on both engines, and return the embedded one."""
    engine = ReplayedEngine(history["instance"])
    orchestrator = DURABLE_FUNCTIONS.orchestrations[history["orchestration"]]
    for past, new in episodes_of(history):
        compare_episode(engine, past, new, orchestrator, history["instance"])
    return engine


def compare_episode(
    engine: ReplayedEngine,
    past: Sequence[pb.HistoryEvent],
    new: Sequence[pb.HistoryEvent],
    orchestrator: Callable[..., Any],
    instance: str,
) -> None:
    """Run one episode on both engines, and assert that they ask for the same."""
    response = run_episode(instance, past, new, orchestrator)
    durable = [_of_durable(each) for each in response.actions]
    actions = engine.give(new)
    requested = [each for each in durable if each.kind != "end"]
    asked, expected = [each[:2] for each in actions], [each[:2] for each in requested]
    assert asked == expected, f"after {new}, the embedded engine asks for {asked}, not {expected}"
    for durable_action, action in zip(requested, actions, strict=True):
        engine.remember(durable_action.answer, action)
    for end in (each.content for each in durable if each.kind == "end"):
        begun = [each.content for each in engine.actions if each.kind == _STARTED]
        assert begun == ([] if end is None else [end])
        return
    status = response.customStatus.value
    assert engine.live()[instance] == (json.loads(status) if status else None)


def _of_durable(action: pb.OrchestratorAction) -> Action:
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            task = action.scheduleTask
            return Action("activity", (task.name, json.loads(task.input.value)), action.id)
        case "createTimer":
            return Action("timer", action.createTimer.fireAt.ToDatetime(tzinfo=UTC), action.id)
        case "sendEntityMessage":
            signal = action.sendEntityMessage.entityOperationSignaled
            shard = signal.targetInstanceId.value.rpartition("@")[2]
            content = (shard, signal.operation, json.loads(signal.input.value))
            return Action("signal", content, action.id)
        case _:
            end = action.completeOrchestration
            again = end.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
            return Action("end", json.loads(end.result.value) if again else None)


def dispatcher_steps(recorded: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send recorded messages to an embedded Dispatcher, and return its steps in their form."""
    clock, did = _FixedClock(), list[dict[str, Any]]()
    clock.now = START

    class Loop(VirtualLoop):
        def at(self, moment: datetime, step: Any) -> Step:
            _, operation, message = step.args
            did.append({"signal": operation, "at": moment.isoformat(), "input": message})
            return lambda: None

    dispatchers = Dispatchers(
        clock=clock, loop=Loop(clock), start=lambda start: did.append(_recorded_start(start))
    )
    steps = list[dict[str, Any]]()
    for step in recorded:
        clock.now = datetime.fromisoformat(step["at"])
        did.clear()
        dispatchers.apply("main", step["operation"], step["input"])
        state = dispatchers.copy_of("main")
        encoded = None if state.is_empty else as_json(encode_state(state))
        steps.append({**step, "state": encoded, "did": list(did)})
    return steps


def _recorded_start(start: Start) -> dict[str, Any]:
    named = {} if start.instance_id is None else {"id": start.instance_id}
    return {"start": start.orchestration, **named, "input": as_json(start.input)}
