"""Starts orchestrations, delivers events, and keeps the live orchestrations in memory."""

from __future__ import annotations

import logging
import uuid
from functools import partial
from typing import Any

from orchestrations.dispatcher_messages import Start
from polysync_embedded.engine.execution import Environment, Execution
from polysync_embedded.engine.json_values import encoded

_log = logging.getLogger(__name__)


class LiveOrchestrations:
    """The present execution of each live orchestration; an ended one leaves no trace."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._live: dict[str, Execution] = {}

    def start(self, start: Start) -> None:
        """Start an orchestration, unless its id is live."""
        instance_id = start.instance_id or uuid.uuid4().hex
        if instance_id not in self._live:
            self._begin(instance_id, start, encoded(start.input))

    def raise_event(self, instance_id: str, name: str) -> None:
        """Send an event to an orchestration; ignore an id that is not live."""
        if (execution := self._live.get(instance_id)) is not None:
            execution.raise_event(name)

    def is_live(self, instance_id: str) -> bool:
        """Return whether an id belongs to a live orchestration."""
        return instance_id in self._live

    def statuses(self) -> dict[str, Any]:
        """Return the custom status of each live orchestration by its id."""
        return {instance_id: execution.status for instance_id, execution in self._live.items()}

    def _begin(self, instance_id: str, start: Start, encoded_input: str) -> None:
        function = self._environment.functions.orchestrations[start.orchestration]
        ended = partial(self._ended, instance_id, start)
        execution = Execution(
            self._environment, function, encoded_input, ended, platform=start.platform
        )
        self._live[instance_id] = execution
        self._environment.loop.post(execution.advance)

    def _ended(
        self, instance_id: str, start: Start, next_input: str | None, error: Exception | None
    ) -> None:
        del self._live[instance_id]
        if error is not None:
            # The reconciler starts the orchestration again if its run needs it.
            fields = {"action": "orchestration_failed", "instance_id": instance_id}
            _log.error("An orchestration failed.", exc_info=error, extra=fields)
        if next_input is not None:
            self._begin(instance_id, start, next_input)
