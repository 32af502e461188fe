"""Records the states of a Dispatcher, and continues from the states of earlier releases.

An entity is not replayed: the host passes the stored state and the next messages to it. So after a
deployment the new code gets states and messages of the earlier release.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.durable_functions.worker import DurableFunctionsWorker
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import wrappers_pb2

from orchestrations import dispatcher
from orchestrations.names import DISPATCHER, END_RUN
from polysync_core.domain.dispatch.codec import decode_state, encode_state
from tests.fakes.virtual_loop import START
from tests.replay.dispatcher_scenarios import DispatcherScenario
from tests.replay.history_replay import Incompatible

STATES = Path(__file__).with_name("states")
_ENTITY = f"@{DISPATCHER}@main"
_MOST_STEPS = 1_000

type Step = dict[str, Any]
"""A message with its time, the state after it, and the actions of the entity."""


@dataclass(frozen=True, slots=True)
class StateRecording:
    """The recording of one scenario in one release."""

    path: Path

    @property
    def name(self) -> str:
        """The release and the scenario."""
        return f"{self.path.parent.name}/{self.path.stem}"

    def steps(self) -> list[Step]:
        """Return the recorded steps."""
        return json.loads(self.path.read_text())["steps"]


def recorded_states() -> list[StateRecording]:
    """Return every recording of every release."""
    return [StateRecording(path) for path in sorted(STATES.glob("*/*.json"))]


def record(scenario: DispatcherScenario) -> dict[str, Any]:
    """Play one scenario and return its recording."""
    steps: list[Step] = []
    due = [
        (START.timestamp() + each.after, each.operation, each.input) for each in scenario.messages
    ]
    while due:
        assert len(steps) < _MOST_STEPS, "the scenario does not end"
        due.sort(key=lambda each: each[0])
        at, operation, message = due.pop(0)
        before = steps[-1]["state"] if steps else None
        step = execute_step(before, datetime.fromtimestamp(at, UTC), operation, message)
        steps.append(step)
        for each in step["did"]:
            if "signal" in each:
                signal_time = datetime.fromisoformat(each["at"]).timestamp()
                due.append((signal_time, each["signal"], each["input"]))
    return {"entity": DISPATCHER, "steps": steps}


def execute_step(state: Any, at: datetime, operation: str, message: dict[str, Any]) -> Step:
    """Execute one step with the current code. Raises `Incompatible` if the step fails."""
    request = pb.EntityBatchRequest(
        instanceId=_ENTITY,
        operations=[pb.OperationRequest(operation=operation, requestId="1", input=_text(message))],
    )
    if state is not None:
        request.entityState.CopyFrom(_text(state))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatcher, "_now", lambda: at)
        result = _result(request)
    for failed in (each.failure for each in result.results if each.HasField("failure")):
        details = failed.failureDetails
        raise Incompatible(f"{operation}: {details.errorType}: {details.errorMessage}")
    return {
        "at": at.isoformat(),
        "operation": operation,
        "input": message,
        "state": json.loads(result.entityState.value or "null"),
        "did": [_action(action) for action in result.actions],
    }


def continue_from(steps: Sequence[Step]) -> None:
    """Execute each recorded step with the current code, from its recorded state.

    Raises `Incompatible` if a step fails, loses a run, or has other actions than the recording.
    """
    before = None
    for step in steps:
        at = datetime.fromisoformat(step["at"])
        now = execute_step(before, at, step["operation"], step["input"])
        if lost := _known(before, step) - _known(now["state"], None) - _removed(now):
            raise Incompatible(f"{step['operation']}: {len(lost)} runs are lost")
        if now["did"] != step["did"]:
            raise Incompatible(
                f"{step['operation']} at {at}: the actions are {now['did']}, not {step['did']}"
            )
        before = step["state"]


def restored(state: Any) -> Any:
    """Return a stored state as the current code would store it."""
    return json.loads(json.dumps(encode_state(decode_state(state))))


def begins_with(longer: Any, shorter: Any) -> bool:
    """Return True if the values differ only by additions at the end of lists."""
    match longer, shorter:
        case dict(), dict():
            return all(key in longer and begins_with(longer[key], shorter[key]) for key in shorter)
        case list(), list():
            pairs = zip(longer, shorter, strict=False)
            return len(longer) >= len(shorter) and all(begins_with(*pair) for pair in pairs)
        case _:
            return longer == shorter


def _known(state: Any, step: Step | None) -> set[str]:
    """Return the runs of a state and of the message of a step."""
    stored = state or {"waiting": [], "leases": []}
    runs = {row[0] for row in (*stored["waiting"], *stored["leases"])}
    if step is not None and step["operation"] == "enqueue":
        runs.add(step["input"]["waiting"]["run"])
    if step is not None and step["operation"] == "restore_lease":
        runs.add(step["input"]["run"])
    return runs


def _removed(step: Step) -> set[str]:
    """Return the runs that a step was expected to remove."""
    ended = {each["input"]["run"] for each in step["did"] if each.get("start") == END_RUN}
    return ended | ({step["input"]["run"]} if step["operation"] == "release" else set())


def _action(action: pb.OperationAction) -> dict[str, Any]:
    if action.HasField("sendSignal"):
        signal = action.sendSignal
        at = signal.scheduledTime.ToDatetime(tzinfo=UTC).isoformat()
        return {"signal": signal.name, "at": at, "input": json.loads(signal.input.value)}
    start = action.startNewOrchestration
    # The id of an orchestration that ends a run is random.
    named = {} if start.name == END_RUN else {"id": start.instanceId}
    return {"start": start.name, **named, "input": json.loads(start.input.value)}


def _result(request: pb.EntityBatchRequest) -> pb.EntityBatchResult:
    function = dispatcher.Dispatcher
    encoded = base64.b64encode(request.SerializeToString()).decode("ascii")
    result = pb.EntityBatchResult()
    answer = DurableFunctionsWorker().execute_entity_batch_request(function, encoded)
    result.ParseFromString(base64.b64decode(answer))
    return result


def _text(value: Any) -> wrappers_pb2.StringValue:
    return wrappers_pb2.StringValue(value=json.dumps(value))
