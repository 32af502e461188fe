"""Replays recorded histories, as the Functions host does after a deployment."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from azure.durable_functions.worker import DurableFunctionsWorker
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format

_ACTIONS = {
    "taskScheduled",
    "timerCreated",
    "subOrchestrationInstanceCreated",
    "eventSent",
    "entityOperationSignaled",
    "orchestratorCompleted",
    "executionCompleted",
}
HISTORIES = Path(__file__).with_name("histories")


class Incompatible(AssertionError):
    """The current code cannot continue the work of an earlier release."""


@dataclass(frozen=True, slots=True)
class HistoryRecording:
    """The recording of one orchestration in one release."""

    path: Path

    @property
    def name(self) -> str:
        """The release and the scenario."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def read(self) -> dict[str, Any]:
        """Return the recording."""
        return json.loads(self.path.read_text())


def recordings() -> list[HistoryRecording]:
    """Return every recording of every release."""
    return [HistoryRecording(path) for path in sorted(HISTORIES.glob("*/*.json"))]


def replay(recording: dict[str, Any], orchestrator: Callable[..., Any]) -> int:
    """Replay every episode of an orchestration, and return the number of episodes.

    Raises `Incompatible` if the orchestrator fails or contradicts its recorded actions.
    """
    episodes = 0
    for past, new in episodes_of(recording):
        run_episode(recording["instance"], past, new, orchestrator)
        episodes += 1
    return episodes


def episodes_of(
    recording: dict[str, Any],
) -> Iterator[tuple[Sequence[pb.HistoryEvent], Sequence[pb.HistoryEvent]]]:
    """Yield the past events and the new events of each episode of a recording."""
    for execution in recording["executions"]:
        yield from _episodes([json_format.ParseDict(each, pb.HistoryEvent()) for each in execution])


def _episodes(
    events: Sequence[pb.HistoryEvent],
) -> Iterator[tuple[Sequence[pb.HistoryEvent], Sequence[pb.HistoryEvent]]]:
    begins = [i for i, event in enumerate(events) if event.HasField("orchestratorStarted")]
    for begin, end in zip(begins, [*begins[1:], len(events)], strict=True):
        of_episode = events[begin:end]
        yield events[:begin], list(takewhile(_is_input, of_episode))


def _is_input(event: pb.HistoryEvent) -> bool:
    """Return True for an event that the orchestrator got, not caused."""
    return event.WhichOneof("eventType") not in _ACTIONS


def run_episode(
    instance: str,
    past: Sequence[pb.HistoryEvent],
    new: Sequence[pb.HistoryEvent],
    orchestrator: Callable[..., Any],
) -> pb.OrchestratorResponse:
    """Execute one episode as the Functions host does, and return the actions.

    Raises `Incompatible` if the orchestrator fails or contradicts its recorded actions.
    """
    request = pb.OrchestratorRequest(instanceId=instance, pastEvents=past, newEvents=new)
    encoded = base64.b64encode(request.SerializeToString())
    # A new worker each time, because a worker keeps the first orchestrator of a name.
    answer = DurableFunctionsWorker().execute_orchestration_request(orchestrator, encoded)
    response = pb.OrchestratorResponse()
    response.ParseFromString(base64.b64decode(answer))
    for action in response.actions:
        if action.completeOrchestration.HasField("failureDetails"):
            failure = action.completeOrchestration.failureDetails
            raise Incompatible(
                f"after {len(past)} events: {failure.errorType}: {failure.errorMessage}"
            )
    return response
