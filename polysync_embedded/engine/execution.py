"""Executes an orchestration function, and implements the function's context object."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from durabletask.entities import EntityInstanceId
from durabletask.task import CancellableTask, CompletableTask, RetryPolicy, Task

from orchestrations.context import Orchestration
from orchestrations.durable_functions import DurableFunctions
from polysync_core.domain.clock import Clock
from polysync_embedded.engine.activity_calls import ActivityCall
from polysync_embedded.engine.json_values import as_json, encoded
from polysync_embedded.engine.ports import Loop, Step, Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The parts of the engine that an execution uses."""

    clock: Clock
    loop: Loop
    workers: Workers
    functions: DurableFunctions
    signal: Callable[[str, str, Any], None]
    """Sends a message to the Dispatcher of a shard: shard, operation, message."""


class Execution:
    """One execution, which ends when its function returns, fails or continues as new.

    Answers and timers that come after the end have no effect.
    """

    def __init__(
        self,
        environment: Environment,
        orchestration: Orchestration,
        encoded_input: str,
        ended: Callable[[str | None, Exception | None], None],
        platform: str | None = None,
    ) -> None:
        """`ended` gets the encoded input of a next execution and the failure; each may be None.

        `platform` is the platform that the activities of the orchestration call, if any.
        """
        self.status: Any = None
        """The custom status that the orchestration has set."""
        self._environment = environment
        self._steps = orchestration(self, json.loads(encoded_input))
        self._ended = ended
        self._platform = platform
        self._is_woken = False
        """Whether an event has arrived since the last call of an activity."""
        self._requested: ActivityCall | None = None
        """The last call of an activity, until it is answered."""
        self._task: Task[Any] | None = None
        self._next_input: str | None = None
        self._waits = defaultdict[str, deque[CancellableTask[Any]]](deque)
        self._early_events: set[str] = set()
        self._cancels: set[Step] = set()
        self._closed = False

    def advance(self) -> None:
        """Run the function until it waits for a task that is not complete, or ends."""
        try:
            while self._task is None or self._task.is_complete:
                self._task = self._next_task(self._task)
        except StopIteration:
            self._close(self._next_input)
        except Exception as error:
            self._close(None, error)

    def raise_event(self, name: str) -> None:
        """Complete the oldest wait for an event; without a wait, keep one event for the next."""
        self._is_woken = True
        if self._requested is not None:
            self._environment.workers.hurry(self._requested)
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
        task: CompletableTask[Any] = CompletableTask()
        functions = self._environment.functions
        call = ActivityCall(
            name=activity,
            function=functions.activities[activity],
            encoded_input=encoded(input),
            policy=retry_policy,
            requested_at=self._environment.clock(),
            platform=self._platform if activity in functions.calling_platforms else None,
            is_urgent=self._is_woken,
            answer=lambda *answer: self._environment.loop.post(
                partial(self._answered, task, *answer)
            ),
        )
        self._is_woken = False
        self._requested = call
        self._environment.workers.run(call)
        return task

    def create_timer(self, fire_at: timedelta, /) -> CancellableTask[None]:
        """Return the task of a timer."""
        task: CancellableTask[None] = CancellableTask()
        fire = partial(self._settle, task, task.complete, None)
        task.set_cancel_handler(self._after(fire_at, fire))
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
        self._next_input = encoded(new_input)

    # Progress

    def _next_task(self, completed: Task[Any] | None) -> Task[Any]:
        """Give the result of a task to the function, and return the next task."""
        if completed is None:
            return next(self._steps)
        try:
            result = completed.get_result()
        except Exception as error:
            return self._steps.throw(error)
        return self._steps.send(result)

    def _answered(
        self, task: CompletableTask[Any], call: ActivityCall, result: Any, error: Exception | None
    ) -> None:
        self._requested = None
        if error is None:
            self._settle(task, task.complete, result)
        elif (delay := call.delay(self._environment.clock())) is None:
            reason = f"The activity '{call.name}' failed: {error}"
            self._settle(task, task.fail, reason, error)
        elif not self._closed:
            self._after(delay, partial(self._environment.workers.run, call.next_try()))

    def _settle(self, task: Task[Any], settle: Callable[..., None], *values: Any) -> None:
        """Settle a task and continue, unless the task was cancelled or the execution has ended."""
        if not (self._closed or task.is_complete):
            settle(*values)
            self.advance()

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

    def _close(self, next_input: str | None, error: Exception | None = None) -> None:
        """End the execution, and cancel its timers."""
        self._closed = True
        for cancel in tuple(self._cancels):
            cancel()
        self._ended(next_input, error)
