"""Implements the context of one execution of an orchestration.

The execution ends when its function returns, fails or continues as new. Answers and timers that
come later have no effect.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from durabletask.entities import EntityInstanceId
from durabletask.task import CancellableTask, CompletableTask, RetryPolicy, Task

from orchestrations.durable_functions import DurableFunctions
from polysync_core.domain.clock import Clock
from polysync_embedded.engine.activity_calls import ActivityCall, delay_before_retry
from polysync_embedded.engine.json_values import as_json, encoded
from polysync_embedded.engine.ports import Loop, Step, Workers


class Signal(Protocol):
    """Sends a message to a Dispatcher."""

    def __call__(self, shard: str, operation: str, message: Any, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The parts of the engine that an execution uses."""

    clock: Clock
    loop: Loop
    workers: Workers
    functions: DurableFunctions
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A call of an activity, which may be repeated."""

    name: str
    encoded_input: str
    policy: RetryPolicy | None
    requested_at: datetime
    task: CompletableTask[Any]


class Execution:
    """The context of one execution; `resume` continues its function after a task completes."""

    def __init__(self, environment: Environment, resume: Step) -> None:
        self.status: Any = None
        """The custom status that the orchestration has set."""
        self.next_input: str | None = None
        """The encoded input with which the orchestration continues as new."""
        self._environment = environment
        self._resume = resume
        self._waits = defaultdict[str, deque[CancellableTask[Any]]](deque)
        self._early_events: set[str] = set()
        self._cancels: set[Step] = set()
        self._closed = False

    def close(self) -> None:
        """End the execution, and cancel its timers."""
        self._closed = True
        for cancel in tuple(self._cancels):
            cancel()

    def raise_event(self, name: str) -> None:
        """Complete the oldest wait for an event; without a wait, keep one event for the next."""
        if waits := self._waits[name]:
            task = waits.popleft()
            self._settle(task, task.complete, None)
        else:
            self._early_events.add(name)

    # The methods of `OrchestrationContext`

    def call_activity(
        self, activity: str, /, *, input: Any = None, retry_policy: RetryPolicy | None = None
    ) -> CompletableTask[Any]:
        """Return the task of a call of an activity."""
        request = _Request(
            name=activity,
            encoded_input=encoded(input),
            policy=retry_policy,
            requested_at=self._environment.clock(),
            task=CompletableTask(),
        )
        self._call(request, 1)
        return request.task

    def create_timer(self, fire_at: timedelta, /) -> CancellableTask[None]:
        """Return the task of a timer."""
        task: CancellableTask[None] = CancellableTask()
        task.set_cancel_handler(
            self._after(fire_at, partial(self._settle, task, task.complete, None))
        )
        return task

    def wait_for_external_event(self, name: str, /) -> CancellableTask[Any]:
        """Return a task that completes with the next event of this name."""
        task: CancellableTask[Any] = CancellableTask()
        if name in self._early_events:
            self._early_events.remove(name)
            task.complete(None)
        else:
            self._waits[name].append(task)
            task.set_cancel_handler(lambda: self._waits[name].remove(task))
        return task

    def signal_entity(
        self, entity_id: EntityInstanceId, operation_name: str, input: Any = None, /
    ) -> None:
        """Send a message to a Dispatcher, without an answer."""
        self._environment.signal(entity_id.key, operation_name, input)

    def set_custom_status(self, custom_status: Any, /) -> None:
        """Set the status of the orchestration for people who look at the engine."""
        self.status = as_json(custom_status)

    def continue_as_new(self, new_input: Any, /) -> None:
        """Start the orchestration again with a new input as soon as this execution ends."""
        self.next_input = encoded(new_input)

    # Activities and timers

    def _call(self, request: _Request, tries: int) -> None:
        answered = partial(self._answered, request, tries)
        call = ActivityCall(
            name=request.name,
            encoded_input=request.encoded_input,
            function=self._environment.functions.activities[request.name],
            answer=lambda result, error: self._environment.loop.post(
                partial(answered, result, error)
            ),
        )
        self._environment.workers.run(call)

    def _answered(
        self, request: _Request, tries: int, result: Any, error: Exception | None
    ) -> None:
        if self._closed:
            return
        if error is None:
            self._settle(request.task, request.task.complete, result)
            return
        delay = None
        if request.policy is not None:
            elapsed = self._environment.clock() - request.requested_at
            delay = delay_before_retry(request.policy, tries, elapsed)
        if delay is None:
            reason = f"The activity '{request.name}' failed: {error}"
            self._settle(request.task, request.task.fail, reason, error)
        else:
            self._after(delay, partial(self._call, request, tries + 1))

    def _settle(self, task: Task[Any], settle: Callable[..., None], *values: Any) -> None:
        """Settle a task and continue, unless the task was cancelled or the execution has ended."""
        if not (self._closed or task.is_complete):
            settle(*values)
            self._resume()

    def _after(self, delay: timedelta, step: Step) -> Step:
        """Run a step of this execution after a delay; return the function that cancels it."""

        def fire() -> None:
            self._cancels.discard(cancel)
            step()

        def cancel() -> None:
            self._cancels.discard(cancel)
            revoke()

        revoke = self._environment.loop.at(self._environment.clock() + delay, fire)
        self._cancels.add(cancel)
        return cancel
