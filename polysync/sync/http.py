"""Sends the client's HTTP requests, retries them, and reads server-sent events.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import httpx

from polysync.calls import QUIET_STREAM_SECONDS, Call, Json, Retries, Wire
from polysync.errors import PolysyncError
from polysync.event_stream import EventParser, ServerSentEvent
from polysync.following import (
    QUIET,
    Followed,
    Listen,
    NextEvent,
    Outage,
    Pause,
    Read,
    State,
    Steps,
)


def _ignore() -> None:
    """Do nothing."""


class Http:
    """Sends calls by one HTTP client."""

    def __init__(
        self,
        wire: Wire,
        *,
        retries: Retries,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wire = wire
        self._retries = retries
        self._sleep = sleep
        self._monotonic = monotonic
        self._client = httpx.Client(**wire.options, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, call: Call) -> Json:
        """Return the answer of a call."""
        return self.wire.decode(call, self.response(call))

    def response(self, call: Call) -> httpx.Response:
        """Return the response of a call that succeeded."""
        number = 1
        while True:
            try:
                return self._once(call)
            except PolysyncError as failure:
                delay = self._retries.delay(call, failure, number)
                if delay is None:
                    raise
            self._sleep(delay)
            number += 1

    def _once(self, call: Call) -> httpx.Response:
        with self.wire.errors():
            response = self._client.request(**self.wire.request(call))
        if not response.is_success:
            raise self.wire.refused(response)
        return response

    def events(
        self, call: Call, *, after: str | None = None, quiet: float = QUIET_STREAM_SECONDS
    ) -> Generator[ServerSentEvent | None]:
        """Yield the events of a stream, and None for bytes without an event."""
        parser = EventParser()
        with self.wire.errors():
            with self._client.stream(
                **self.wire.stream(call, after=after, quiet=quiet)
            ) as response:
                if not self.wire.check_stream(response):
                    response.read()
                    raise self.wire.refused(response)
                for chunk in response.iter_bytes():
                    found = False
                    for event in parser.feed(chunk):
                        found = True
                        yield event
                    if not found:
                        yield None

    def states(
        self,
        followed: Followed,
        *,
        timeout: float | None = None,
        on_outage: Callable[[], None] = _ignore,
    ) -> Generator[Json]:
        """Yield every state of a run that is received; the last one is its end."""
        with ExitStack() as stack:
            driver = _Driver(self, followed, stack)
            steps = followed.steps(self._monotonic, timeout)
            for state in driver.drive(steps, on_outage):
                yield state

    def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        self._sleep(seconds)


class _Driver:
    """Executes the steps of a following."""

    def __init__(self, http: Http, followed: Followed, stack: ExitStack) -> None:
        self._http = http
        self._followed = followed
        self._stack = stack
        self._stream: Generator[ServerSentEvent | None] | None = None

    def drive(self, steps: Steps, on_outage: Callable[[], None]) -> Generator[Json]:
        answer: Any = None
        failure: PolysyncError | None = None
        while True:
            try:
                step = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration:
                return
            answer = failure = None
            if isinstance(step, State):
                yield step.value
            elif isinstance(step, Outage):
                on_outage()
            else:
                try:
                    answer = self._execute(step)
                except PolysyncError as error:
                    failure = error

    def _execute(self, step: Listen | NextEvent | Read | Pause) -> Any:
        match step:
            case Listen(after, quiet):
                self._stream = self._http.events(self._followed.stream, after=after, quiet=quiet)
                self._stack.callback(self._stream.close)
            case NextEvent():
                return self._next()
            case Read():
                return self._http.call(self._followed.read)
            case Pause(seconds):
                self._http.pause(seconds)
        return None

    def _next(self) -> Any:
        if self._stream is None:
            return None
        try:
            event = next(self._stream)
        except StopIteration:
            return None
        return QUIET if event is None else event
