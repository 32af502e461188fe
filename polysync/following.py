"""Decides, without I/O, how the client follows a run: event stream or polling.

The decisions are a generator of steps without I/O, so the synchronous and the asynchronous client
take the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, cast

from polysync.calls import QUIET_STREAM_SECONDS, Call, Json
from polysync.errors import MalformedAnswer, PolysyncError, WaitTimeout
from polysync.event_stream import ServerSentEvent

RECONNECT_SECONDS = 0.5
"""The pause before the next connection, after a stream that had events."""

POLL_SECONDS = 2.0
"""The pause between two reads of a run without a working stream."""

MAX_OUTAGE_SECONDS = 300.0
"""The time without an answer (a restart, a scale from zero) after which the following fails."""

MAX_EMPTY_STREAMS = 3
"""After this number of streams in a row without an event, the run is only polled."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Open the event stream."""

    after: str | None
    """The id of the last received event."""
    quiet: float
    """Seconds without a byte after which the stream counts as broken."""


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Wait for the next event; the answer is an event, `QUIET`, or None at the end."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read the run."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class State:
    """Report a state of the run."""

    value: Json


@dataclass(frozen=True, slots=True)
class Outage:
    """Report a read that had no answer and is repeated."""


QUIET = object()
"""The answer to `NextEvent` if bytes arrived without a complete event."""

type Step = Listen | NextEvent | Read | Pause | State | Outage
type Steps = Generator[Step, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A run that is followed."""

    read: Call
    stream: Call
    event: str
    """The name of the events with a state."""
    member: str | None
    """The member of an event with the run; None if the event is the run."""
    is_over: Callable[[Json], bool]
    title: str

    def steps(self, monotonic: Callable[[], float], timeout: float | None = None) -> Steps:
        """Yield the steps to the end of the run.

        A failed step is thrown into the generator. It raises `WaitTimeout` after `timeout`
        seconds, or the error of a read if the server is unavailable for too long.
        """
        deadline = None if timeout is None else monotonic() + timeout
        following = _Following(self, monotonic, deadline)
        while True:
            yield from following.listen()
            if following.is_over:
                return
            # The stream ended, and an event may have been lost with it.
            yield from following.read()
            if following.is_over:
                return
            yield Pause(following.pause())


_ENDED = frozenset({"Succeeded", "Failed", "Cancelled", "Skipped"})
_ENDED_IN_DATABRICKS = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})


def is_final(status: str) -> bool:
    """Return whether a status of a run never changes."""
    return status in _ENDED


def followed_run(run_id: str) -> Followed:
    """Return how a task run is followed."""
    path = ("task-runs", run_id)
    return Followed(
        read=Call(method="GET", path=path),
        stream=Call(method="GET", path=(*path, "events")),
        event="status",
        member=None,
        is_over=lambda run: run.get("status") in _ENDED,
        title=f"Run {run_id}",
    )


def followed_key_run(key: str, run_id: str) -> Followed:
    """Return how a run that only Databricks stores is followed."""
    path = ("jobs", key, "runs", run_id)
    return Followed(
        read=Call(method="GET", path=path),
        stream=Call(method="GET", path=path, query={"stream": "true"}),
        event="message",
        member="run",
        is_over=_is_over_in_databricks,
        title=f"Run {run_id} of job {key}",
    )


def _is_over_in_databricks(run: Json) -> bool:
    state: Json = run.get("state") or {}
    return state.get("life_cycle_state") in _ENDED_IN_DATABRICKS


class _Following:
    """The memory of one following."""

    def __init__(
        self, run: Followed, monotonic: Callable[[], float], deadline: float | None
    ) -> None:
        self._run = run
        self._monotonic = monotonic
        self._deadline = deadline
        self._last_event: str | None = None
        self._empty_streams = 0
        self.is_over = False

    def listen(self) -> Steps:
        quiet = self._within_deadline(QUIET_STREAM_SECONDS)
        if self._empty_streams >= MAX_EMPTY_STREAMS or not quiet:
            return
        self._empty_streams += 1
        opened = self._monotonic()
        try:
            yield Listen(self._last_event, quiet)
            while not self.is_over and (event := (yield NextEvent())) is not None:
                self._check_deadline()
                if event is not QUIET and not (yield from self._received(event)):
                    return
        except WaitTimeout:
            raise
        except PolysyncError:
            # The following goes on: the run is read next, and that read reports the failure.
            return
        finally:
            if self._monotonic() - opened > QUIET_STREAM_SECONDS:
                # Keep-alives kept the stream open for so long, so the stream works.
                self._empty_streams = 0

    def _received(self, event: ServerSentEvent) -> Generator[Step, Any, bool]:
        """Report the state of an event; return False if the stream has no further states."""
        if event.name != self._run.event:
            # A stream of Databricks reports a failed poll and the end of its time so.
            return event.name != "error"
        state = _decoded(event.data, self._run.member)
        self._empty_streams = 0
        self._last_event = event.id or self._last_event
        yield from self._report(state)
        return True

    def _report(self, state: Json) -> Steps:
        yield State(state)
        self.is_over = self._run.is_over(state)

    def read(self) -> Steps:
        """Read the run until there is an answer, at least once also after the deadline."""
        give_up = self._monotonic() + MAX_OUTAGE_SECONDS
        while True:
            try:
                state = yield Read()
            except PolysyncError as failure:
                if not failure.is_transient or self._monotonic() >= give_up:
                    raise
            else:
                yield from self._report(state)
                return
            self._check_deadline()
            yield Outage()
            yield Pause(self._within_deadline(POLL_SECONDS))

    def pause(self) -> float:
        self._check_deadline()
        seconds = POLL_SECONDS if self._empty_streams else RECONNECT_SECONDS
        return self._within_deadline(seconds)

    def _within_deadline(self, seconds: float) -> float:
        if self._deadline is None:
            return seconds
        return max(0.0, min(seconds, self._deadline - self._monotonic()))

    def _check_deadline(self) -> None:
        if self._deadline is not None and self._monotonic() >= self._deadline:
            raise WaitTimeout(f"{self._run.title} has not ended in time; it continues.")


def _decoded(data: str, member: str | None) -> Json:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise MalformedAnswer("An event is not JSON.") from error
    if isinstance(value, dict) and member is not None:
        value = cast("Json", value).get(member)
    if not isinstance(value, dict):
        raise MalformedAnswer("the run of an event is not a JSON object.")
    return cast("Json", value)
