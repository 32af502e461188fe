"""The durable engine of the local host in virtual time.

A test drives the engine step by step in one thread. The library that Azure uses replays the
orchestrations and executes the entities. Clients call the engine through `DurableEngine` as in
production, but without a network.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, NoReturn

import grpc
import pytest
from azure.durable_functions import client as durable_client
from azure.durable_functions.worker import DurableFunctionsWorker
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.testing import in_memory_backend

from devhost.durable import engine as local_engine
from devhost.durable.stand_ins import LOCAL
from devhost.durable.timer_queue import TimerQueue
from orchestrations.dispatcher import Dispatcher
from orchestrations.durable_functions import DURABLE_FUNCTIONS
from orchestrations.names import DISPATCHER

BINDING = json.dumps({"rpcBaseUrl": "http://127.0.0.1:9", "taskHubName": "in-process"})
START = datetime(2026, 3, 1, 12, tzinfo=UTC)

type Step = Callable[[str, Callable[[], Any]], Any]


class VirtualClock:
    """A clock that a test advances. No two of its readings are equal."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=137)
        return self.now

    def seconds(self) -> float:
        """Return the time in seconds."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += timedelta(seconds=seconds)


def use_virtual_time(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the modules of the engine and of the orchestrations use this clock."""

    class VirtualDatetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock.now.astimezone(tz)

    modules = [local_engine, in_memory_backend, *_durable_modules()]
    for module in modules:
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", VirtualDatetime)


def _durable_modules() -> list[ModuleType]:
    return [
        module for name, module in list(sys.modules.items()) if name.startswith("orchestrations.")
    ]


class VirtualTimerQueue(TimerQueue):
    """A timer queue that follows the virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(monotonic=clock.seconds, wall=clock.seconds)

    def next_due(self) -> float | None:
        """Return the due time of the next timer."""
        return min((timer.due for timer in self._heap if not timer.cancelled), default=None)


class VirtualEngine(local_engine.Engine):
    """The engine, which calls the durable functions of the app one at a time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.timer_queue = VirtualTimerQueue(clock)
        super().__init__(self.timer_queue)
        self.delay: Callable[[], float] = lambda: 0.0
        """Returns the seconds until the next message of an orchestration reaches its entity."""
        self._worker = DurableFunctionsWorker()
        self._functions = dict(durable_functions())

    def fire_timers(self) -> None:
        """Fire the timers that are due."""
        for action in self.timer_queue.take_due():
            action()

    def run_next(self) -> bool:
        """Run the next entity batch or orchestration episode, if there is one."""
        return self._run_entity() or self._run_orchestration()

    def run_activity(self, work: Any) -> None:
        """Run an activity and deliver its result. A `Crash` passes through."""
        answer = pb.ActivityResponse(
            instanceId=work.instance_id,
            taskId=work.task_id,
            completionToken=str(work.completion_token),
        )
        try:
            result = self._functions["activity", work.name](json.loads(work.input or "null"))
            answer.result.value = json.dumps(result)
        except Exception as error:
            answer.failureDetails.errorType = type(error).__name__
            answer.failureDetails.errorMessage = str(error)
        self.CompleteActivityTask(answer, LOCAL)

    def redeliver(self, work: Any) -> None:
        """Deliver an activity again, as after the death of its worker."""
        self._activity_queue.append(work)

    def active(self) -> list[str]:
        """Return the ids of the orchestrations that have not ended."""
        return [
            each.instance_id
            for each in self._instances.values()
            if not self._is_terminal_status(each.status)
        ]

    def state_of(self, entity: str) -> Any:
        """Return the stored state of an entity, or None if it has no state."""
        found = self._entities.get(entity)
        return json.loads(found.serialized_state) if found and found.serialized_state else None

    def _queue_entity_operation(self, entity_id: str, event: Any) -> None:
        deliver = super()._queue_entity_operation
        if (seconds := self.delay()) > 0:
            self.timer_queue.after(seconds, lambda: deliver(entity_id, event))
        else:
            deliver(entity_id, event)

    def _run_orchestration(self) -> bool:
        item = self.take_orchestration()
        if item is None:
            return False
        work = item.orchestratorRequest
        events = (*work.newEvents, *work.pastEvents)
        name = next(e.executionStarted.name for e in events if e.HasField("executionStarted"))
        function = self._functions["orchestration", name]
        response = pb.OrchestratorResponse()
        encoded = self._worker.execute_orchestration_request(function, _encoded(work))
        response.ParseFromString(base64.b64decode(encoded))
        response.completionToken = item.completionToken
        self.CompleteOrchestratorTask(response, LOCAL)
        return True

    def _run_entity(self) -> bool:
        item = self.take_entity()
        if item is None:
            return False
        work, operations = helpers.convert_to_entity_batch_request(item.entityRequestV2)
        function = self._functions["entity", work.instanceId.split("@")[1]]
        result = pb.EntityBatchResult()
        encoded = self._worker.execute_entity_batch_request(function, _encoded(work))
        result.ParseFromString(base64.b64decode(encoded))
        failed = [r.failure.failureDetails for r in result.results if r.HasField("failure")]
        assert not failed, failed
        del result.operationInfos[:]
        result.operationInfos.extend(operations)
        result.completionToken = item.completionToken
        self.complete_entity(work.instanceId, result)
        return True


class InProcessStub:
    """The gRPC stub of a client, which calls the engine directly. `step` may inject a fault."""

    def __init__(self, engine: Callable[[], VirtualEngine], step: Step) -> None:
        self._engine = engine
        self._step = step

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        def call(request: Any) -> Any:
            return self._step(name, lambda: getattr(self._engine(), name)(request, _REFUSING))

        return call


def connect(stub: InProcessStub) -> str:
    """Connect durable clients to the stub, and return their binding."""
    client: Any = durable_client.SyncDurableFunctionsClient.get_cached(BINDING)
    client._stub = stub
    return BINDING


class Refused(grpc.RpcError, grpc.Call):
    """A call that the engine refused or did not answer."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def _absent(self, *_: Any) -> Any:
        return None

    initial_metadata = trailing_metadata = details = _absent
    is_active = time_remaining = cancel = add_callback = _absent


class _RefusingCall:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise Refused(code)


_REFUSING = _RefusingCall()


def _encoded(message: Any) -> str:
    return base64.b64encode(message.SerializeToString()).decode("ascii")


def durable_functions() -> list[tuple[tuple[str, str], Any]]:
    """Return the durable functions of the app, each with its kind and registered name."""
    functions = DURABLE_FUNCTIONS
    return [
        *((("activity", name), each) for name, each in functions.activities.items()),
        *((("orchestration", name), each) for name, each in functions.orchestrations.items()),
        (("entity", DISPATCHER), Dispatcher),
    ]
