"""Following a run to its end, over connections that break and servers that restart."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from polysync_core.cli.answers import Run
from polysync_core.cli.client import QUIET_STREAM_SECONDS, Api
from polysync_core.cli.errors import CommandFailed, UnexpectedAnswer
from polysync_core.cli.json import JsonValue, as_object

RECONNECT_SECONDS = 0.2
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
"""How long a server may be away (it restarts, or scales from zero) before we give up."""

FRUITLESS_STREAMS = 3
"""Streams in a row without an event, after which only the run itself is read."""


@dataclass(slots=True)
class Follower:
    """Follows one run: by its event stream and, where that does not work, by reading it."""

    api: Api
    run_id: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    _last_event: str | None = field(default=None, init=False)
    _fruitless: int = field(default=0, init=False)

    def runs(self) -> Iterator[Run]:
        """Yield the run whenever something is heard of it, last of all in its terminal status.

        Raises:
            CommandFailed: there is no such run, or the server stayed away.
        """
        while True:
            for run in self._listen():
                yield run
                if run.is_terminal:
                    return
            # Whatever ended the stream, an event may have been lost with it.
            run = self._read()
            yield run
            if run.is_terminal:
                return
            self.sleep(POLL_SECONDS if self._fruitless else RECONNECT_SECONDS)

    def _listen(self) -> Iterator[Run]:
        if self._fruitless >= FRUITLESS_STREAMS:
            return
        self._fruitless += 1
        opened = self.monotonic()
        try:
            for event in self.api.events(
                "task-runs", self.run_id, "events", after=self._last_event
            ):
                if event.name == "status":
                    run = _decode(event.data)
                    self._fruitless = 0
                    self._last_event = event.id or self._last_event
                    yield run
        except CommandFailed:
            # Not the end of following: reading the run comes next, and it tells what is the matter.
            return
        finally:
            if self.monotonic() - opened > QUIET_STREAM_SECONDS:
                # Only signs of life keep a stream open for so long: the run is what is quiet.
                self._fruitless = 0

    def _read(self) -> Run:
        deadline = self.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.api.task_run(self.run_id)
            except CommandFailed as failure:
                if not failure.passing or self.monotonic() >= deadline:
                    raise
            self.sleep(POLL_SECONDS)


def _decode(data: str) -> Run:
    try:
        value = cast("JsonValue", json.loads(data))
    except ValueError as error:
        raise UnexpectedAnswer("An event does not hold JSON.") from error
    return Run.decode(as_object(value, what="the run of an event"))
