"""Simulates AWS Step Functions; a test sets the outcome of each state machine."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from simulators.aws.services import STATE, AwsCall, AwsService, Operation
from simulators.aws.state import ACCOUNT, LATE_SECONDS, AwsState
from simulators.serving import Refusal

_MACHINES, _EXECUTIONS = "state machines", "executions"
_RUN_SECONDS = 0.05
_MAX_INPUT = 262_144
_ARN = re.compile(
    r"(?P<owner>arn:aws:states:[a-z0-9-]+:[0-9]{12}):stateMachine:(?P<name>[^:]{1,80})"
    r"(?::(?P<qualifier>[A-Za-z0-9_.-]+))?"
)


class MachineScript(BaseModel):
    """A state machine; without `output` and `error` its output is its input."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    outcome: Literal["SUCCEEDED", "FAILED", "TIMED_OUT"] | None = "SUCCEEDED"
    """None: an execution runs until it is stopped."""
    output: Any = None
    error: str = "States.TaskFailed"
    cause: str = ""
    state: str = "Work"
    """The name of the only state, which fails if the execution does."""
    qualifiers: list[str] = []
    """The versions and aliases."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """An execution of a state machine."""

    arn: str
    machine_arn: str
    script: MachineScript
    input: str
    created: float = field(default_factory=time.time)
    begun: float = field(default_factory=time.time)
    stopped: float | None = None
    redrives: dict[str, float] = field(default_factory=dict[str, float])
    """The times of the redrives by their tokens."""

    @property
    def status(self) -> str:
        """The state."""
        if self.stopped is not None:
            return "ABORTED"
        if self.script.outcome is None or time.time() < self.begun + _RUN_SECONDS:
            return "RUNNING"
        return self.script.outcome

    @property
    def output(self) -> str:
        """The output of a success."""
        return self.input if self.script.output is None else json.dumps(self.script.output)

    def summary(self) -> dict[str, Any]:
        """Return the facts that lists have."""
        found: dict[str, Any] = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine_arn,
            "name": self.arn.rpartition(":")[2],
            "status": self.status,
            "startDate": self.created,
            "redriveCount": len(self.redrives),
        }
        if self.redrives:
            found["redriveDate"] = max(self.redrives.values())
        if self.status != "RUNNING":
            found["stopDate"] = self.stopped or self.begun + _RUN_SECONDS
        return found

    def describe(self) -> dict[str, Any]:
        """Return all facts."""
        found = {**self.summary(), "input": self.input, "inputDetails": {"included": True}}
        if self.status == "SUCCEEDED":
            found |= {"output": self.output, "outputDetails": {"included": True}}
        if self.status in {"FAILED", "TIMED_OUT"}:
            found |= {"error": self.script.error, "cause": self.script.cause}
        return found

    def events(self) -> list[dict[str, Any]]:
        """Return the history, oldest first."""
        failure = {"error": self.script.error, "cause": self.script.cause}
        found = [
            {"type": "ExecutionStarted"},
            {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": self.script.state}},
            {"type": "TaskScheduled"},
        ]
        if self.status in {"FAILED", "TIMED_OUT"}:
            found += [
                {"type": "TaskFailed", "taskFailedEventDetails": failure},
                {"type": "ExecutionFailed", "executionFailedEventDetails": failure},
            ]
        return [
            {"id": number, "previousEventId": number - 1, "timestamp": self.begun, **event}
            for number, event in enumerate(found, 1)
        ]


def _machine(call: AwsCall, name: str = "stateMachineArn") -> tuple[re.Match[str], MachineScript]:
    arn = call.text(name)
    found = _ARN.fullmatch(arn)
    if found is None:
        raise Refusal(400, "InvalidArn", f"Invalid Arn: '{arn}'")
    script: MachineScript | None = call.state.known(_MACHINES).get(found["name"])
    is_foreign = found["owner"] != _owner(call.region)
    if script is None or is_foreign or found["qualifier"] not in {None, *script.qualifiers}:
        raise Refusal(400, "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return found, script


def _owner(region: str) -> str:
    return f"arn:aws:states:{region}:{ACCOUNT}"


def _executions(state: AwsState) -> dict[str, Execution]:
    return state.known(_EXECUTIONS)


def _execution(call: AwsCall) -> Execution:
    arn = call.text("executionArn")
    found = _executions(call.state).get(arn)
    is_late = (
        found is not None
        and "late-lists" in call.state.quirks
        and time.time() < found.created + LATE_SECONDS
    )
    if found is None or is_late:
        raise Refusal(400, "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return found


def _input(call: AwsCall) -> str:
    text = call.body.get("input", "{}")
    if len(text) > _MAX_INPUT:
        raise Refusal(400, "ValidationException", "the input is too long")
    try:
        json.loads(text)
    except ValueError:
        raise Refusal(400, "InvalidExecutionInput", "Invalid State Machine Input") from None
    return text


def _start(call: AwsCall) -> dict[str, Any]:
    found, script = _machine(call)
    name, text = str(call.body.get("name") or uuid.uuid4()), _input(call)
    if script.type == "EXPRESS":
        arn = f"{found['owner']}:express:{found['name']}:{name}:{uuid.uuid4()}"
        return {"executionArn": arn, "startDate": time.time()}
    arn = f"{found['owner']}:execution:{found['name']}:{name}"
    known = _executions(call.state).get(arn)
    if known is not None and (known.status != "RUNNING" or known.input != text):
        raise Refusal(400, "ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    if known is None:
        machine_arn = f"{found['owner']}:stateMachine:{found['name']}"
        known = Execution(arn=arn, machine_arn=machine_arn, script=script, input=text)
        _executions(call.state)[arn] = known
        call.state.record(operation="StartExecution", id=arn, token=name)
    return {"executionArn": arn, "startDate": known.created}


def _start_sync(call: AwsCall) -> dict[str, Any]:
    found, script = _machine(call)
    if script.type != "EXPRESS":
        raise Refusal(400, "StateMachineTypeNotSupported", "only EXPRESS is supported")
    name = str(call.body.get("name") or uuid.uuid4())
    arn = f"{found['owner']}:express:{found['name']}:{name}:{uuid.uuid4()}"
    execution = Execution(arn=arn, machine_arn="", script=script, input=_input(call))
    execution.begun -= _RUN_SECONDS
    call.state.record(operation="StartSyncExecution", id=arn, token=name)
    return execution.describe()


def _stop(call: AwsCall) -> dict[str, Any]:
    execution = _execution(call)
    if execution.status == "RUNNING":
        execution.stopped = time.time()
    return {"stopDate": execution.stopped or time.time()}


def _redrive(call: AwsCall) -> dict[str, Any]:
    execution, token = _execution(call), str(call.body.get("clientToken") or uuid.uuid4())
    if token not in execution.redrives:
        if execution.status not in {"FAILED", "TIMED_OUT", "ABORTED"}:
            raise Refusal(400, "ExecutionNotRedrivable", "The execution is not redrivable")
        execution.redrives[token] = execution.begun = time.time()
        execution.stopped = None
        call.state.record(operation="RedriveExecution", id=execution.arn, token=token)
    return {"redriveDate": execution.redrives[token]}


def _history(call: AwsCall) -> dict[str, Any]:
    events = _execution(call).events()
    if call.body.get("reverseOrder"):
        events.reverse()
    return {"events": events[: call.body.get("maxResults", 100)]}


def _page(call: AwsCall, name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    size = call.body.get("maxResults") or 100
    found, following = call.state.page(items, call.body.get("nextToken"), size)
    return {name: found, "nextToken": following} if following else {name: found}


def _list_executions(call: AwsCall) -> dict[str, Any]:
    found, script = _machine(call)
    if script.type == "EXPRESS":
        raise Refusal(400, "StateMachineTypeNotSupported", "only STANDARD is supported")
    machine_arn = f"{found['owner']}:stateMachine:{found['name']}"
    runs = [each for each in _executions(call.state).values() if each.machine_arn == machine_arn]
    return _page(call, "executions", [each.summary() for each in reversed(runs)])


def _list_machines(call: AwsCall) -> dict[str, Any]:
    machines = sorted(call.state.known(_MACHINES).items())
    items = [_summary(call.region, name, script) for name, script in machines]
    return _page(call, "stateMachines", items)


def _summary(region: str, name: str, script: MachineScript) -> dict[str, Any]:
    arn = f"{_owner(region)}:stateMachine:{name}"
    return {"stateMachineArn": arn, "name": name, "type": script.type, "creationDate": 0}


def _describe_machine(call: AwsCall) -> dict[str, Any]:
    found, script = _machine(call)
    if found["qualifier"] is not None and not found["qualifier"].isdigit():
        raise Refusal(400, "InvalidArn", "an alias has an operation of its own")
    return {
        **_summary(call.region, found["name"], script),
        "status": "ACTIVE",
        "definition": "{}",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/states",
    }


def _describe_alias(call: AwsCall) -> dict[str, Any]:
    found, _ = _machine(call, "stateMachineAliasArn")
    return {"stateMachineAliasArn": found[0], "name": found["qualifier"], "description": ""}


async def _put(request: web.Request) -> web.Response:
    script = MachineScript.model_validate_json(await request.read())
    request.app[STATE].known(_MACHINES)[request.match_info["name"]] = script
    return web.json_response({})


_OPERATIONS: dict[str, Operation] = {
    "DescribeExecution": lambda call: _execution(call).describe(),
    "DescribeStateMachine": _describe_machine,
    "DescribeStateMachineAlias": _describe_alias,
    "GetExecutionHistory": _history,
    "ListExecutions": _list_executions,
    "ListStateMachines": _list_machines,
    "RedriveExecution": _redrive,
    "StartExecution": _start,
    "StartSyncExecution": _start_sync,
    "StopExecution": _stop,
}
SERVICE = AwsService(
    signing_name="states",
    target="AWSStepFunctions",
    version="1.0",
    operations=_OPERATIONS,
    control=(web.put("/simulator/state-machines/{name}", _put),),
)
