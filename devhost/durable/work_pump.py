"""Takes orchestrations, entities and activities from the engine, and executes them with the app."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from durabletask.entities.entity_instance_id import EntityInstanceId
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.testing.in_memory_backend import ActivityWorkItem
from google.protobuf import wrappers_pb2

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp
from devhost.durable.engine import Engine
from devhost.durable.stand_ins import LOCAL

log = logging.getLogger(__name__)

_NO_ANSWER = Failure(type="RuntimeError", message="The function returned nothing.", trace="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The highest number of concurrent functions of each kind."""

    orchestrators: int = 10
    entities: int = 10
    activities: int = 24


@dataclass(slots=True)
class _Lane:
    """Work of one kind: the functions to take and run it, and the concurrency limit."""

    take: Callable[[], Any]
    run: Callable[[Any], Coroutine[Any, Any, None]]
    limit: int
    running: int = 0
    taken: int = 0


class WorkPump:
    """Takes work from the engine within the limits and runs it."""

    def __init__(self, engine: Engine, app: FunctionApp, limits: Limits) -> None:
        self._engine = engine
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._scheduled = False
        self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._orchestrators = _by_name(app, "orchestrationTrigger", "orchestration")
        self._entities = _by_name(app, "entityTrigger", "entityName")
        self._activities = _by_name(app, "activityTrigger", "activity")
        self._lanes = (
            _Lane(engine.take_orchestration, self._run_orchestration, limits.orchestrators),
            _Lane(engine.take_entity, self._run_entity, limits.entities),
            _Lane(engine.take_activity, self._run_activity, limits.activities),
        )

    def start(self) -> None:
        """Start to take work."""
        self._engine.on_work(self._schedule_pump)
        self._schedule_pump()

    def stop(self) -> None:
        """Take no more work; running functions continue."""
        self._stopped = True
        orchestrators, entities, activities = (lane.taken for lane in self._lanes)
        log.info(
            "The host takes no more durable work.",
            extra={"episodes": orchestrators, "entity_batches": entities, "activities": activities},
        )

    def _schedule_pump(self) -> None:
        # Called on any thread, after the work was added. `_pump` clears the flag before it reads
        # the queues, so it always sees work that was added while the flag was set.
        if not self._scheduled:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._pump)
            except RuntimeError:
                log.debug("Work arrived after the event loop had closed.")

    def _pump(self) -> None:
        self._scheduled = False
        for lane in self._lanes:
            while not self._stopped and lane.running < lane.limit:
                work = lane.take()
                if work is None:
                    break
                lane.running += 1
                lane.taken += 1
                task = self._loop.create_task(self._execute(lane, work))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _execute(self, lane: _Lane, work: Any) -> None:
        try:
            await lane.run(work)
        except Exception:
            log.exception("Durable work failed in the host.")
        finally:
            lane.running -= 1
            self._pump()

    async def _run_orchestration(self, item: pb.WorkItem) -> None:
        work = item.orchestratorRequest
        name = _orchestration_name(work)
        function = self._orchestrators.get(name.lower())
        if function is None:
            failure = _unknown("orchestrator", name)
        else:
            outcome = await self._app.invoke(function, _encoded(work))
            failure = outcome.failure
            if outcome.value is not None:
                response = pb.OrchestratorResponse()
                response.ParseFromString(base64.b64decode(outcome.value.text))
                response.completionToken = item.completionToken
                self._engine.CompleteOrchestratorTask(response, LOCAL)
                return
        failure = failure or _NO_ANSWER
        _report("orchestrator", name, failure, work.instanceId)
        self._engine.CompleteOrchestratorTask(
            _failed_orchestration(item, failure),
            LOCAL,
        )

    async def _run_activity(self, work: ActivityWorkItem) -> None:
        answer = pb.ActivityResponse(
            instanceId=work.instance_id,
            taskId=work.task_id,
            completionToken=str(work.completion_token),
        )
        function = self._activities.get(work.name.lower())
        if function is None:
            failure = _unknown("activity", work.name)
        else:
            outcome = await self._app.invoke(function, TypedData(json=work.input or "null"))
            failure = outcome.failure
            if outcome.value is not None:
                answer.result.value = outcome.value.text
        if failure is not None:
            _report("activity", work.name, failure, work.instance_id)
            answer.failureDetails.CopyFrom(_details(failure))
        self._engine.CompleteActivityTask(answer, LOCAL)

    async def _run_entity(self, item: pb.WorkItem) -> None:
        work, operations = helpers.convert_to_entity_batch_request(item.entityRequestV2)
        name = EntityInstanceId.parse(work.instanceId).entity
        function = self._entities.get(name.lower())
        if function is None:
            failure = _unknown("entity", name)
        else:
            outcome = await self._app.invoke(function, _encoded(work))
            failure = outcome.failure
            if outcome.value is not None:
                result = pb.EntityBatchResult()
                result.ParseFromString(base64.b64decode(outcome.value.text))
                self._complete_entity(item, operations, result)
                return
        failure = failure or _NO_ANSWER
        _report("entity", name, failure, work.instanceId)
        self._complete_entity(item, operations, _failed_entity(work, failure))

    def _complete_entity(
        self, item: pb.WorkItem, operations: list[pb.OperationInfo], result: pb.EntityBatchResult
    ) -> None:
        del result.operationInfos[:]
        result.operationInfos.extend(operations)
        result.completionToken = item.completionToken
        self._engine.complete_entity(item.entityRequestV2.instanceId, result)


def _by_name(app: FunctionApp, kind: str, key: str) -> Mapping[str, Function]:
    """Return the functions of a kind by their name in lower case."""
    return {
        str(function.trigger.get(key) or function.name).lower(): function
        for function in app.functions
        if function.kind == kind
    }


def _encoded(message: Any) -> TypedData:
    return TypedData(string=base64.b64encode(message.SerializeToString()).decode("ascii"))


def _orchestration_name(work: pb.OrchestratorRequest) -> str:
    for event in (*work.newEvents, *work.pastEvents):
        if event.HasField("executionStarted"):
            return event.executionStarted.name
    return ""


def _details(failure: Failure) -> pb.TaskFailureDetails:
    return pb.TaskFailureDetails(
        errorType=failure.type,
        # The engine treats a failure without a message as a success.
        errorMessage=failure.message or failure.type,
        stackTrace=wrappers_pb2.StringValue(value=failure.trace) if failure.trace else None,
    )


def _failed_orchestration(item: pb.WorkItem, failure: Failure) -> pb.OrchestratorResponse:
    end = helpers.new_complete_orchestration_action(
        -1, pb.ORCHESTRATION_STATUS_FAILED, failure_details=_details(failure)
    )
    return pb.OrchestratorResponse(
        instanceId=item.orchestratorRequest.instanceId,
        completionToken=item.completionToken,
        actions=[end],
    )


def _failed_entity(work: pb.EntityBatchRequest, failure: Failure) -> pb.EntityBatchResult:
    """Return an answer that fails every operation and does not change the state."""
    failed = pb.OperationResult(failure=pb.OperationResultFailure(failureDetails=_details(failure)))
    return pb.EntityBatchResult(
        results=[failed] * len(work.operations),
        entityState=work.entityState if work.HasField("entityState") else None,
    )


def _unknown(kind: str, name: str) -> Failure:
    return Failure(type="LookupError", message=f"The app has no {kind} named {name!r}.", trace="")


def _report(kind: str, name: str, failure: Failure, instance_id: str) -> None:
    log.warning(
        "A durable function failed.",
        extra={
            "action": "durable_function_failed",
            kind: name,
            "instance_id": instance_id,
            "error": f"{failure.type}: {failure.message}",
        },
    )
