"""Starts orchestrations, and continues each one when the task that it waits for completes."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from durabletask.task import Task

from orchestrations.dispatcher_messages import Start
from polysync_embedded.engine.execution import Environment, Execution
from polysync_embedded.engine.json_values import encoded

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Live:
    """A live orchestration, with its execution and the task that it waits for."""

    instance_id: str
    name: str
    execution: Execution
    steps: Generator[Task[Any], Any]
    task: Task[Any] | None = None


class LiveOrchestrations:
    """The orchestrations that have not ended; an ended one leaves no trace."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._live: dict[str, _Live] = {}

    def start(self, start: Start) -> None:
        """Start an orchestration, unless its id is live."""
        instance_id = start.instance_id or uuid.uuid4().hex
        if instance_id not in self._live:
            self._begin(instance_id, start.orchestration, encoded(start.input))

    def raise_event(self, instance_id: str, name: str) -> None:
        """Send an event to an orchestration; ignore an id that is not live."""
        if (live := self._live.get(instance_id)) is not None:
            live.execution.raise_event(name)

    def is_live(self, instance_id: str) -> bool:
        """Return whether an id belongs to a live orchestration."""
        return instance_id in self._live

    def statuses(self) -> dict[str, Any]:
        """Return the custom status of each live orchestration by its id."""
        return {instance_id: live.execution.status for instance_id, live in self._live.items()}

    def _begin(self, instance_id: str, name: str, encoded_input: str) -> None:
        execution = Execution(self._environment, lambda: self._continue(live))
        function = self._environment.functions.orchestrations[name]
        live = self._live[instance_id] = _Live(
            instance_id=instance_id,
            name=name,
            execution=execution,
            steps=function(execution, json.loads(encoded_input)),
        )
        self._environment.loop.post(partial(self._continue, live))

    def _continue(self, live: _Live) -> None:
        """Run an orchestration until it waits for a task that is not complete, or ends."""
        try:
            while live.task is None or live.task.is_complete:
                live.task = _next_task(live)
        except StopIteration:
            self._end(live)
        except Exception:
            _log.exception(
                "An orchestration failed.",
                extra={"action": "orchestration_failed", "instance_id": live.instance_id},
            )
            live.execution.next_input = None
            self._end(live)

    def _end(self, live: _Live) -> None:
        live.execution.close()
        del self._live[live.instance_id]
        if live.execution.next_input is not None:
            self._begin(live.instance_id, live.name, live.execution.next_input)


def _next_task(live: _Live) -> Task[Any]:
    """Give the result of the last task to the orchestration, and return its next task."""
    if live.task is None:
        return next(live.steps)
    try:
        result = live.task.get_result()
    except Exception as error:
        return live.steps.throw(error)
    return live.steps.send(result)
