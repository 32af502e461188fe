"""Records histories of orchestrations: scripted activities, virtual time.

The worker of Durable Functions executes every episode. The recorder turns its actions into the
events that the engine stores, and answers them.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import Any

from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format

from orchestrations.durable_functions import DURABLE_FUNCTIONS
from orchestrations.names import WAKE
from tests.fakes.virtual_loop import START
from tests.replay.history_replay import run_episode
from tests.replay.scenarios import Scenario

_MOST_STEPS = 10_000


class ActivityFault(Exception):
    """The failure of an activity."""


class Recorder:
    """The history of one orchestration, with its open calls and timers."""

    def __init__(self, scenario: Scenario) -> None:
        self.executions: list[list[pb.HistoryEvent]] = []
        self.ended = False
        self._scenario = scenario
        self._now = START
        self._past: list[pb.HistoryEvent] = []
        self._new: list[pb.HistoryEvent] = []
        self._calls: deque[tuple[int, str]] = deque()
        self._timers: list[tuple[datetime, int]] = []
        self._answered: defaultdict[str, int] = defaultdict(int)
        self._begin(json.dumps(scenario.input))

    def play(self) -> None:
        """Play the scenario to its end: calls first, then wake-ups, then timers."""
        wake_ups = self._scenario.wake_ups
        for _ in range(_MOST_STEPS):
            if self.ended:
                return
            if self._new:
                self._run_episode()
            elif self._calls:
                self._answer(*self._calls.popleft())
            elif wake_ups:
                wake_ups -= 1
                self._new = [helpers.new_event_raised_event(WAKE, "")]
            else:
                assert self._timers, "the orchestration waits for nothing"
                fire_at, number = heapq.heappop(self._timers)
                self._now = max(self._now, fire_at)
                self._new = [helpers.new_timer_fired_event(number, fire_at)]
        raise AssertionError("the orchestration does not end")

    def _begin(self, encoded_input: str) -> None:
        """Begin an execution."""
        scenario = self._scenario
        self._past, self._calls, self._timers = [], deque(), []
        self._new = [
            helpers.new_execution_started_event(
                scenario.orchestration, scenario.instance, encoded_input
            )
        ]
        self.executions.append([])

    def _run_episode(self) -> None:
        scenario = self._scenario
        new = [helpers.new_orchestrator_started_event(self._now), *self._new]
        self._new = []
        self.executions[-1] = [*self._past, *new]
        function = DURABLE_FUNCTIONS.orchestrations[scenario.orchestration]
        response = run_episode(scenario.instance, self._past, new, function)
        self._past = [*self._past, *new]
        for action in response.actions:
            if action.HasField("completeOrchestration"):
                self._end(action.completeOrchestration)
                return
            self._past.append(self._event_of(action))
        self._past.append(helpers.new_orchestrator_completed_event())

    def _end(self, end: pb.CompleteOrchestrationAction) -> None:
        """End the execution, and begin the next one if the orchestration continues as new."""
        self.ended = end.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED
        if not self.ended:
            self._begin(end.result.value)

    def _event_of(self, action: pb.OrchestratorAction) -> pb.HistoryEvent:
        """Return the event of an action, and keep what the action asks for."""
        match action.WhichOneof("orchestratorActionType"):
            case "scheduleTask":
                task = action.scheduleTask
                self._calls.append((action.id, task.name))
                return helpers.new_task_scheduled_event(action.id, task.name, task.input.value)
            case "createTimer":
                fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
                heapq.heappush(self._timers, (fire_at, action.id))
                return helpers.new_timer_created_event(action.id, fire_at)
            case "sendEntityMessage":
                event = pb.HistoryEvent(eventId=action.id)
                event.timestamp.FromSeconds(0)
                signal = action.sendEntityMessage.entityOperationSignaled
                event.entityOperationSignaled.CopyFrom(signal)
                return event
            case other:
                raise AssertionError(f"an action of an unknown kind: {other}")

    def _answer(self, number: int, name: str) -> None:
        """Give the answer that the scenario has for a call of an activity."""
        answers = self._scenario.answers[name]
        answer = answers[min(self._answered[name], len(answers) - 1)]
        self._answered[name] += 1
        if answer is None:
            fault = ActivityFault("The activity failed.")
            self._new = [helpers.new_task_failed_event(number, fault)]
        else:
            self._new = [helpers.new_task_completed_event(number, json.dumps(answer))]


def record(scenario: Scenario) -> dict[str, Any]:
    """Play one scenario and return the history of each of its executions."""
    recorder = Recorder(scenario)
    recorder.play()
    return {
        "orchestration": scenario.orchestration,
        "instance": scenario.instance,
        "executions": [
            [json_format.MessageToDict(event) for event in events] for events in recorder.executions
        ],
    }
