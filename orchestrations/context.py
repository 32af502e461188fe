"""Defines the interface of the orchestration context that each engine must provide.

Each engine passes its own context. The context of Durable Functions has more methods.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, Protocol

from durabletask.entities import EntityInstanceId
from durabletask.task import CancellableTask, RetryPolicy, Task


class OrchestrationContext(Protocol):
    """Requests steps of the engine on behalf of one orchestration."""

    def call_activity(
        self, activity: str, /, *, input: Any = None, retry_policy: RetryPolicy | None = None
    ) -> Task[Any]:
        """Return the task of a call of an activity."""
        ...

    def create_timer(self, fire_at: timedelta, /) -> CancellableTask[None]:
        """Return the task of a timer."""
        ...

    def wait_for_external_event(self, name: str, /) -> CancellableTask[Any]:
        """Return a task that completes with the next event of this name."""
        ...

    def signal_entity(
        self, entity_id: EntityInstanceId, operation_name: str, input: Any = None, /
    ) -> None:
        """Send a message to an entity, without an answer."""
        ...

    def set_custom_status(self, custom_status: Any, /) -> None:
        """Set the status of the orchestration for people who look at the engine."""
        ...

    def continue_as_new(self, new_input: Any, /) -> None:
        """Start the orchestration again with a new input as soon as this execution ends."""
        ...


type Orchestration = Callable[[OrchestrationContext, dict[str, Any]], Generator[Task[Any], Any]]
"""A function that yields the tasks for which it waits."""
type Activity = Callable[[Any], dict[str, Any]]
"""A function that does one step with I/O."""
