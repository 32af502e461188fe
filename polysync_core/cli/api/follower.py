"""Follows a run to its end, across broken connections and restarts of the server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.client import QUIET_STREAM_SECONDS, ApiClient
from polysync_core.cli.api.errors import CommandFailed, MalformedAnswer
from polysync_core.cli.api.reader import as_object
from polysync_core.domain.json_types import JsonValue

RECONNECT_SECONDS = 0.2
POLL_SECONDS = 1.0
MAX_OUTAGE_SECONDS = 60.0
"""The maximum time of an unavailable server (restart, scale from zero) before `follow` fails."""

MAX_EMPTY_STREAMS = 3
"""After this number of streams in a row without an event, the run is only polled."""


@dataclass(slots=True)
class RunFollower:
    """Follows one run by its event stream, or by polling if the stream fails."""

    api: ApiClient
    run_id: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    on_outage: Callable[[], None] = lambda: None
    """Called for each read that has no answer and is repeated."""
    _last_event: str | None = field(default=None, init=False)
    _empty_streams: int = field(default=0, init=False)

    def states(self) -> Iterator[RunAnswer]:
        """Yield every state of the run that is received; the last one is terminal.

        Raises:
            CommandFailed: the run does not exist, or the server is unavailable for too long.
        """
        while True:
            for run in self._listen():
                yield run
                if run.is_terminal:
                    return
            # The stream ended, and an event may have been lost with it.
            run = self._read()
            yield run
            if run.is_terminal:
                return
            self.sleep(POLL_SECONDS if self._empty_streams else RECONNECT_SECONDS)

    def _listen(self) -> Iterator[RunAnswer]:
        if self._empty_streams >= MAX_EMPTY_STREAMS:
            return
        self._empty_streams += 1
        opened = self.monotonic()
        try:
            for event in self.api.events(
                "task-runs", self.run_id, "events", after=self._last_event
            ):
                if event.name == "status":
                    run = _decode(event.data)
                    self._empty_streams = 0
                    self._last_event = event.id or self._last_event
                    yield run
        except CommandFailed:
            # Following goes on: the run is read next, and that read reports the failure.
            return
        finally:
            if self.monotonic() - opened > QUIET_STREAM_SECONDS:
                # Keep-alives kept the stream open for so long, so the stream works.
                self._empty_streams = 0

    def _read(self) -> RunAnswer:
        deadline = self.monotonic() + MAX_OUTAGE_SECONDS
        while True:
            try:
                return self.api.task_run(self.run_id)
            except CommandFailed as failure:
                if not failure.is_transient or self.monotonic() >= deadline:
                    raise
            self.on_outage()
            self.sleep(POLL_SECONDS)


def _decode(data: str) -> RunAnswer:
    try:
        value = cast("JsonValue", json.loads(data))
    except ValueError as error:
        raise MalformedAnswer("An event is not JSON.") from error
    return RunAnswer.decode(as_object(value, what="the run of an event"))
