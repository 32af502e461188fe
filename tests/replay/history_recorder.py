"""Records histories of orchestrations: real engine, scripted activities, virtual time."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format, wrappers_pb2

from devhost.durable.stand_ins import LOCAL
from orchestrations.names import WAKE
from tests.faults.virtual_engine import VirtualClock, VirtualEngine, use_virtual_time
from tests.replay.scenarios import Scenario

_MOST_STEPS = 10_000


class ActivityFailure(Exception):
    """The failure of an activity."""


class Recorder(VirtualEngine):
    """An engine that keeps the history of each execution of its one orchestration."""

    def __init__(self, clock: VirtualClock, scenario: Scenario) -> None:
        super().__init__(clock)
        self.executions: list[list[pb.HistoryEvent]] = []
        self._scenario = scenario
        self._calls: defaultdict[str, int] = defaultdict(int)

    def take_orchestration(self) -> pb.WorkItem | None:
        """Return the next episode, and keep its history."""
        item = super().take_orchestration()
        if item is not None:
            request = item.orchestratorRequest
            if not request.pastEvents:
                self.executions.append([])
            self.executions[-1] = [*request.pastEvents, *request.newEvents]
        return item

    def answer_activity(self, work: Any) -> None:
        """Return the answer that the scenario has for an activity."""
        answers = self._scenario.answers[work.name]
        answer = answers[min(self._calls[work.name], len(answers) - 1)]
        self._calls[work.name] += 1
        result = pb.ActivityResponse(
            instanceId=work.instance_id,
            taskId=work.task_id,
            completionToken=str(work.completion_token),
        )
        if answer is None:
            result.failureDetails.errorType = "ActivityFault"
            result.failureDetails.errorMessage = "The activity failed."
        else:
            result.result.value = json.dumps(answer)
        self.CompleteActivityTask(result, LOCAL)

    def wake(self) -> None:
        """Send a wake-up event to the orchestration."""
        self.RaiseEvent(pb.RaiseEventRequest(instanceId=self._scenario.instance, name=WAKE), LOCAL)

    def _run_entity(self) -> bool:
        return False  # no test reads the messages to the Dispatcher


def record(scenario: Scenario) -> dict[str, Any]:
    """Play one scenario and return the history of each of its executions."""
    clock = VirtualClock()
    with pytest.MonkeyPatch.context() as patch:
        use_virtual_time(clock, patch)
        engine = Recorder(clock, scenario)
        engine.StartInstance(
            pb.CreateInstanceRequest(
                instanceId=scenario.instance,
                name=scenario.orchestration,
                input=wrappers_pb2.StringValue(value=json.dumps(scenario.input)),
            ),
            LOCAL,
        )
        _run_to_the_end(engine, clock, scenario.wake_ups)
    return {
        "orchestration": scenario.orchestration,
        "instance": scenario.instance,
        "executions": [
            [json_format.MessageToDict(event) for event in events] for events in engine.executions
        ],
    }


def _run_to_the_end(engine: Recorder, clock: VirtualClock, wake_ups: int) -> None:
    """Run until the orchestration has ended."""
    for _ in range(_MOST_STEPS):
        if engine.run_next():
            continue
        if (work := engine.take_activity()) is not None:
            engine.answer_activity(work)
        elif not engine.active():
            return
        elif wake_ups:
            wake_ups -= 1
            engine.wake()
        else:
            due = engine.timer_queue.next_due()
            assert due is not None, "the orchestration waits for nothing"
            clock.advance(max(due - clock.seconds(), 0.0))
            engine.fire_timers()
    raise AssertionError("the orchestration does not end")
