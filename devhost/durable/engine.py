"""Implements the Durable Task backend in memory, with orchestrations, entities and timers.

The in-memory backend of the SDK keeps the state and serves the durable clients of the app. The
class `Engine` changes what a host that runs for days needs:

- all timers are on one queue, and no run has its own thread;
- ended orchestrations are removed, and look-ups do not grow;
- the result of an earlier execution does not reach a new execution;
- the id of an ended orchestration can be used again, as in the Functions host.

The host takes work by method calls; the engine refuses `GetWorkItems`.
"""

from __future__ import annotations

import logging
import sys
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import grpc
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from durabletask.testing.in_memory_backend import (
    ActivityWorkItem,
    EntityState,
    InMemoryOrchestrationBackend,
    OrchestrationInstance,
)
from google.protobuf import wrappers_pb2

from devhost.durable.stand_ins import LOCAL, WorkEvent
from devhost.durable.timer_queue import Timer, TimerQueue

log = logging.getLogger(__name__)

#: Each client that waits for an orchestration uses one of these threads.
GRPC_THREADS = 32
MESSAGE_BYTES = 64 * 1024 * 1024
#: Events that remain when an orchestration continues as new. The other events refer to task
#: numbers, which the next execution uses again.
_DURABLE_EVENTS = ("eventRaised", "executionTerminated", "executionSuspended", "executionResumed")


@dataclass(frozen=True, slots=True)
class _Parent:
    instance_id: str
    execution: int
    task_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The time and the number for which ended orchestrations stay readable."""

    seconds: float = 60.0
    count: int = 500


class Engine(InMemoryOrchestrationBackend):
    """The orchestrations and entities of one app, in the memory of the process."""

    def __init__(self, timer_queue: TimerQueue, *, retention: Retention = Retention()) -> None:
        super().__init__(max_history_size=sys.maxsize, port=0)
        self._timer_queue = timer_queue
        self._retention = retention
        self._work_event = WorkEvent()
        self._work_available: Any = self._work_event
        # Ordered, so that the entity to complete can move to the front: the backend searches for
        # its token from the first entity on.
        self._ordered: OrderedDict[str, EntityState] = OrderedDict()
        self._entities = self._ordered
        self._timers: defaultdict[str, set[Timer]] = defaultdict(set)
        self._executions: dict[str, int] = {}
        self._parents: defaultdict[str, list[_Parent]] = defaultdict(list)
        self._deferred: set[str] = set()
        self._ended: deque[tuple[float, OrchestrationInstance]] = deque()
        self._sweep_armed = False

    def on_work(self, listener: Callable[[], None]) -> None:
        """Call `listener`, on any thread, whenever there may be work to take."""
        self._work_event.listener = listener

    # Serving the app's durable clients

    def start(self) -> str:
        """Listen on a free loopback port and return the address."""
        self._shutdown_event.clear()
        server = grpc.server(
            ThreadPoolExecutor(GRPC_THREADS, thread_name_prefix="engine"),
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", MESSAGE_BYTES),
                ("grpc.max_send_message_length", MESSAGE_BYTES),
            ],
        )
        stubs.add_TaskHubSidecarServiceServicer_to_server(self, server)
        self._port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._server = server
        return f"http://127.0.0.1:{self._port}"

    def stop(self, grace: float | None = None) -> None:
        """Stop serving, and release the clients that wait for an orchestration."""
        with self._lock:
            for waiters in self._state_waiters.values():
                for waiter in waiters:
                    waiter.event.set()
            self._state_waiters.clear()
        super().stop(grace)

    def GetWorkItems(self, request: Any, context: Any) -> Any:
        """Refuse the call, because the host takes the work itself."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "The local host runs the app's work itself.")

    def StartInstance(self, request: Any, context: Any) -> Any:
        """Start an orchestration now or at its start time.

        The id of an ended orchestration can be used again.
        """
        with self._lock:
            existing = self._instances.get(request.instanceId)
            if existing is not None and self._is_terminal_status(existing.status):
                del self._instances[request.instanceId]
            start_at = _start_time(request)
            if start_at is not None:
                request.instanceId = request.instanceId or uuid.uuid4().hex
                self._deferred.add(request.instanceId)
            answer = super().StartInstance(request, context)
            instance = self._instances[answer.instanceId]
            self._begin_execution(instance, instance.completion_token)
            if start_at is not None:
                self._set_timer(instance, start_at, partial(self._release, instance.instance_id))
            return answer

    # Taking work

    def take_orchestration(self) -> pb.WorkItem | None:
        """Return the next orchestration with new events, or None, and mark it in flight."""
        with self._lock:
            while self._orchestration_queue:
                instance_id = self._orchestration_queue.popleft()
                self._orchestration_queue_set.discard(instance_id)
                instance = self._instances.get(instance_id)
                if instance is None or not instance.pending_events:
                    continue
                if self._is_terminal_status(instance.status):
                    instance.pending_events.clear()
                elif instance_id not in self._orchestration_in_flight:
                    return self._dispatch(instance)
            return None

    def _dispatch(self, instance: OrchestrationInstance) -> pb.WorkItem:
        news = list(instance.pending_events)
        instance.pending_events.clear()
        if instance.history and not news[0].HasField("orchestratorStarted"):
            # `current_utc_datetime` of the orchestrator is the time of the latest such event.
            news.insert(0, helpers.new_orchestrator_started_event(datetime.now(UTC)))
        instance.dispatched_events = news
        self._orchestration_in_flight.add(instance.instance_id)
        return pb.WorkItem(
            completionToken=str(instance.completion_token),
            orchestratorRequest=pb.OrchestratorRequest(
                instanceId=instance.instance_id, pastEvents=instance.history, newEvents=news
            ),
        )

    def take_activity(self) -> ActivityWorkItem | None:
        """Return the next activity to run, or None."""
        with self._lock:
            return self._activity_queue.popleft() if self._activity_queue else None

    def take_entity(self) -> pb.WorkItem | None:
        """Return the operations of the next waiting entity, or None, and mark it in flight."""
        with self._lock:
            while self._entity_queue:
                entity_id = self._entity_queue.popleft()
                self._entity_queue_set.discard(entity_id)
                entity = self._entities.get(entity_id)
                if entity is None or not entity.pending_operations:
                    continue
                if entity_id in self._entity_in_flight:
                    continue  # the completion of the entity adds it to the queue again
                self._entity_in_flight.add(entity_id)
                entity.dispatched_operations = list(entity.pending_operations)
                entity.pending_operations.clear()
                state = entity.serialized_state
                return pb.WorkItem(
                    completionToken=str(entity.completion_token),
                    entityRequestV2=pb.EntityRequest(
                        instanceId=entity_id,
                        entityState=wrappers_pb2.StringValue(value=state) if state else None,
                        operationRequests=entity.dispatched_operations,
                    ),
                )
            return None

    # Applying results

    def CompleteOrchestratorTask(self, request: Any, context: Any) -> Any:
        """Apply the decisions of an orchestrator, and clean up if the orchestration ends."""
        with self._lock:
            answer = super().CompleteOrchestratorTask(request, context)
            instance = self._instances.get(request.instanceId)
            if instance is None:
                return answer
            if self._is_terminal_status(instance.status):
                self._on_ended(instance)
            elif instance.pending_events and instance.status != pb.ORCHESTRATION_STATUS_SUSPENDED:
                self._enqueue_orchestration(instance.instance_id)
            return answer

    def CompleteActivityTask(self, request: Any, context: Any) -> Any:
        """Deliver the result of an activity, unless its execution has ended."""
        with self._lock:
            instance = self._instances.get(request.instanceId)
            execution = self._executions.get(request.instanceId, 0)
            if (
                instance is None
                or self._is_terminal_status(instance.status)
                or int(request.completionToken) < execution
            ):
                return pb.CompleteTaskResponse()
            return super().CompleteActivityTask(request, context)

    def complete_entity(self, entity_id: str, result: pb.EntityBatchResult) -> None:
        """Apply the result of an entity's operations, and remove an entity without state."""
        with self._lock:
            # Only one batch of an entity is in flight, so the result belongs to the latest batch,
            # even if the entity was removed and signalled again meanwhile.
            entity = self._entities.setdefault(entity_id, EntityState(instance_id=entity_id))
            entity.completion_token = int(result.completionToken)
            self._ordered.move_to_end(entity_id, last=False)
            self._drop_starts_of_running_instances(result)
            self.CompleteEntityTask(result, LOCAL)
            if (
                entity.serialized_state is None
                and not entity.pending_operations
                and entity.locked_by is None
            ):
                del self._entities[entity_id]

    def _drop_starts_of_running_instances(self, result: pb.EntityBatchResult) -> None:
        for position in reversed(range(len(result.actions))):
            instance_id = result.actions[position].startNewOrchestration.instanceId
            existing = self._instances.get(instance_id)
            if existing is not None and not self._is_terminal_status(existing.status):
                log.warning(
                    "An entity started an orchestration that runs already.",
                    extra={"action": "orchestration_runs_already", "instance_id": instance_id},
                )
                del result.actions[position]

    # Executions

    def _begin_execution(self, instance: OrchestrationInstance, first_token: int) -> None:
        """Store the first completion token; older tokens belong to an earlier execution."""
        for timer in self._timers.pop(instance.instance_id, ()):
            self._timer_queue.cancel(timer)
        self._executions[instance.instance_id] = first_token

    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: Any = None, version: Any = None
    ) -> None:
        super()._create_instance_internal(instance_id, name, encoded_input, version)
        instance = self._instances[instance_id]
        self._begin_execution(instance, instance.completion_token)

    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: Any
    ) -> None:
        if complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
            instance.pending_events = [
                event
                for event in instance.pending_events
                if event.WhichOneof("eventType") in _DURABLE_EVENTS
            ]
            self._begin_execution(instance, instance.completion_token + 1)
        super()._process_complete_orchestration_action(instance, complete_action)

    def _enqueue_orchestration(self, instance_id: str) -> None:
        if instance_id not in self._deferred:
            super()._enqueue_orchestration(instance_id)

    def _release(self, instance_id: str) -> None:
        with self._lock:
            self._deferred.discard(instance_id)
            self._enqueue_orchestration(instance_id)

    # Timers

    def _set_timer(
        self, instance: OrchestrationInstance, moment: datetime, action: Callable[[], None]
    ) -> None:
        timers = self._timers[instance.instance_id]

        def fire() -> None:
            with self._lock:
                timers.discard(timer)
                if self._instances.get(instance.instance_id) is instance:
                    action()

        timer = self._timer_queue.at(moment, fire)
        timers.add(timer)

    def _process_create_timer_action(self, instance: OrchestrationInstance, action: Any) -> None:
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
        if instance.status == pb.ORCHESTRATION_STATUS_PENDING:
            instance.status = pb.ORCHESTRATION_STATUS_RUNNING
        fired = helpers.new_timer_fired_event(action.id, fire_at)
        self._set_timer(instance, fire_at, partial(self._deliver, instance, fired))

    def _schedule_delayed_entity_operation(
        self, entity_id: str, event: Any, fire_at: datetime
    ) -> None:
        def fire() -> None:
            with self._lock:
                self._queue_entity_operation(entity_id, event)

        self._timer_queue.at(fire_at, fire)

    def _deliver(self, instance: OrchestrationInstance, event: Any) -> None:
        if not self._is_terminal_status(instance.status):
            instance.pending_events.append(event)
            instance.last_updated_at = datetime.now(UTC)
            self._enqueue_orchestration(instance.instance_id)

    # Ended orchestrations

    def _watch_sub_orchestration(
        self, parent_instance_id: str, sub_instance_id: str, task_id: int
    ) -> None:
        execution = self._executions.get(parent_instance_id, 0)
        self._parents[sub_instance_id].append(_Parent(parent_instance_id, execution, task_id))

    def _on_ended(self, instance: OrchestrationInstance) -> None:
        for timer in self._timers.pop(instance.instance_id, ()):
            self._timer_queue.cancel(timer)
        for parent in self._parents.pop(instance.instance_id, ()):
            waiting = self._instances.get(parent.instance_id)
            if waiting and self._executions.get(parent.instance_id) == parent.execution:
                self._deliver(waiting, _sub_orchestration_ended(instance, parent.task_id))
        if instance.status == pb.ORCHESTRATION_STATUS_FAILED:
            details = instance.failure_details
            log.warning(
                "An orchestration failed.",
                extra={
                    "action": "orchestration_failed",
                    "orchestration": instance.name,
                    "instance_id": instance.instance_id,
                    "error": f"{details.errorType}: {details.errorMessage}" if details else "",
                },
            )
        self._ended.append((self._timer_queue.now(), instance))
        self._remove_expired()

    def _remove_expired(self) -> None:
        horizon = self._timer_queue.now() - self._retention.seconds
        while self._ended and (
            len(self._ended) > self._retention.count or self._ended[0][0] <= horizon
        ):
            _, instance = self._ended.popleft()
            if self._instances.get(instance.instance_id) is instance:
                del self._instances[instance.instance_id]
                self._executions.pop(instance.instance_id, None)
        if self._ended and not self._sweep_armed:
            self._sweep_armed = True
            self._timer_queue.after(max(self._ended[0][0] - horizon, 0.01), self._sweep)

    def _sweep(self) -> None:
        with self._lock:
            self._sweep_armed = False
            self._remove_expired()


def _start_time(request: Any) -> datetime | None:
    """Return the start time of the orchestration, or None for now."""
    if not request.HasField("scheduledStartTimestamp"):
        return None
    at = request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC)
    return at if at > datetime.now(UTC) else None


def _sub_orchestration_ended(instance: OrchestrationInstance, task_id: int) -> pb.HistoryEvent:
    if instance.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        return helpers.new_sub_orchestration_completed_event(task_id, instance.output)
    details = instance.failure_details
    message = details.errorMessage if details else "The sub-orchestration was terminated."
    return helpers.new_sub_orchestration_failed_event(task_id, Exception(message))
