"""Recording histories: the local host's engine, scripted activities, and time that flies."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format, wrappers_pb2

from devhost.durable.in_process import LOCAL
from orchestrations.names import WAKE
from tests.faults.virtual_engine import VirtualClock, VirtualEngine, use_virtual_time
from tests.replay.scenarios import Scenario

_MOST_STEPS = 10_000


class ActivityFailure(Exception):
    """An activity failed."""


class Recorder(VirtualEngine):
    """An engine that keeps the history of each execution of its one orchestration."""

    def __init__(self, clock: VirtualClock, scenario: Scenario) -> None:
        super().__init__(clock)
        self.executions: list[list[pb.HistoryEvent]] = []
        self._scenario = scenario
        self._calls: defaultdict[str, int] = defaultdict(int)

    def take_orchestration(self) -> pb.WorkItem | None:
        """Return the next episode, and keep what it is told."""
        item = super().take_orchestration()
        if item is not None:
            request = item.orchestratorRequest
            if not request.pastEvents:
                self.executions.append([])
            self.executions[-1] = [*request.pastEvents, *request.newEvents]
        return item

    def answer_activity(self, work: Any) -> None:
        """Answer an activity as the scenario says."""
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

    def ring(self) -> None:
        """Ring the orchestration's bell."""
        self.RaiseEvent(pb.RaiseEventRequest(instanceId=self._scenario.instance, name=WAKE), LOCAL)

    def _run_entity(self) -> bool:
        return False  # nobody reads what the Dispatcher is told


def record(scenario: Scenario) -> dict[str, Any]:
    """Return the histories of one scenario as they are kept: an execution each."""
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
        _live(engine, clock, scenario.bells)
    return {
        "orchestration": scenario.orchestration,
        "instance": scenario.instance,
        "executions": [
            [json_format.MessageToDict(event) for event in events] for events in engine.executions
        ],
    }


def _live(engine: Recorder, clock: VirtualClock, bells: int) -> None:
    """Let everything happen that is to happen."""
    for _ in range(_MOST_STEPS):
        if engine.run_next():
            continue
        if (work := engine.take_activity()) is not None:
            engine.answer_activity(work)
        elif not engine.active():
            return
        elif bells:
            bells -= 1
            engine.ring()
        else:
            due = engine.timer_queue.next_due()
            assert due is not None, "it waits for nothing"
            clock.advance(max(due - clock.seconds(), 0.0))
            engine.fire_timers()
    raise AssertionError("it does not come to an end")
