"""Decodes and follows the runs of Databricks jobs, which Polysync does not store."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed, MalformedAnswer
from polysync_core.cli.api.follower import MAX_OUTAGE_SECONDS, POLL_SECONDS
from polysync_core.cli.api.reader import Reader, as_object
from polysync_core.domain.json_types import JsonObject, JsonValue

SUCCESS = "SUCCESS"

_ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabricksRun:
    """A run as Databricks describes it."""

    run_id: str
    state: str
    result: str | None
    """The result state; None before the end."""
    message: str | None
    started_at: datetime | None
    ended_at: datetime | None
    page_url: str | None
    answer: JsonObject

    @property
    def is_over(self) -> bool:
        """True if the run has ended."""
        return self.state in _ENDED

    @property
    def succeeded(self) -> bool:
        """True if the run has ended with success."""
        return self.is_over and self.result == SUCCESS

    @property
    def status(self) -> str:
        """The result of a run that has ended, or else its state."""
        return self.result or self.state

    @classmethod
    def decode(cls, answer: JsonObject) -> DatabricksRun:
        """Decode an answer; raises `MalformedAnswer`, or `CommandFailed` for a stored run."""
        reader = Reader("the run", answer)
        if "run_id" not in answer and "runId" in answer:
            raise CommandFailed(
                f"Polysync stores run {reader.text('runId')} itself: leave --job out."
            )
        state = Reader("the state of the run", reader.object("state"))
        return cls(
            run_id=reader.text("run_id") or "?",
            state=state.text("life_cycle_state") or "?",
            result=state.text("result_state"),
            message=state.text("state_message") or None,
            started_at=_moment(reader.number("start_time")),
            ended_at=_moment(reader.number("end_time")),
            page_url=reader.text("run_page_url"),
            answer=answer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutput:
    """The output of one task of a run."""

    name: str
    run_id: str
    status: str
    result: str | None
    """The value that the task returned."""
    error: str | None
    trace: str | None
    logs: str | None

    @classmethod
    def decode(cls, answer: JsonObject) -> TaskOutput:
        """Decode an answer, or raise `MalformedAnswer`."""
        reader = Reader("the output", answer)
        output = Reader("the output", reader.object("output"))
        notebook = Reader("the output of the notebook", output.object("notebook_output"))
        refusal = reader.text("refusal")
        return cls(
            name=reader.text("taskKey") or "",
            run_id=reader.text("runId") or "?",
            status=reader.text("result") or reader.text("status") or "?",
            result=notebook.text("result"),
            error=output.text("error")
            or (f"Databricks refused the output: {refusal}" if refusal else None),
            trace=output.text("error_trace"),
            logs=output.text("logs"),
        )


def task_outputs(api: ApiClient, job: str, run_id: str) -> Sequence[TaskOutput]:
    """Read the outputs of a run by task."""
    answer = api.get("jobs", job, "runs", run_id, "outputs", has="tasks")
    return [TaskOutput.decode(each) for each in Reader("the outputs", answer).objects("tasks")]


@dataclass(slots=True)
class DatabricksFollower:
    """Follows one run by its event stream, across the ends of streams and broken connections."""

    api: ApiClient
    job: str
    run_id: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    on_outage: Callable[[], None] = lambda: None
    """Called for each read that has no answer and is repeated."""
    _last_event: str | None = field(default=None, init=False)

    def states(self) -> Iterator[DatabricksRun]:
        """Yield every state that is received; the last one is the end of the run.

        Raises `CommandFailed` if the run cannot be read.
        """
        while True:
            for run in self._listen():
                yield run
                if run.is_over:
                    return
            # The stream ended before the run, or it could not be opened.
            run = self._read()
            yield run
            if run.is_over:
                return
            self.sleep(POLL_SECONDS)

    def _listen(self) -> Iterator[DatabricksRun]:
        path = ("jobs", self.job, "runs", self.run_id)
        try:
            for event in self.api.events(*path, query={"stream": "true"}, after=self._last_event):
                if event.name != "message":
                    # The wait of the API is over, or a poll failed; the read shows the cause.
                    return
                self._last_event = event.id or self._last_event
                yield DatabricksRun.decode(_run_of(event.data))
        except CommandFailed:
            # The run is read next, and that read reports the failure.
            return

    def _read(self) -> DatabricksRun:
        deadline = self.monotonic() + MAX_OUTAGE_SECONDS
        while True:
            try:
                return DatabricksRun.decode(self.api.get("jobs", self.job, "runs", self.run_id))
            except CommandFailed as failure:
                if not failure.is_transient or self.monotonic() >= deadline:
                    raise
            self.on_outage()
            self.sleep(POLL_SECONDS)


def _run_of(data: str) -> JsonObject:
    try:
        value = cast("JsonValue", json.loads(data))
    except ValueError as error:
        raise MalformedAnswer("An event is not JSON.") from error
    return Reader("the event", as_object(value, what="an event")).object("run")


def _moment(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds > 0 else None
