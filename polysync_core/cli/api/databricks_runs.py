"""Decodes and follows job runs that only Databricks stores, not Polysync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync.following import followed_key_run
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject

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


@dataclass(frozen=True, slots=True)
class DatabricksFollower:
    """Follows one run by its event stream, across the ends of streams and broken connections."""

    api: ApiClient
    job: str
    run_id: str
    on_outage: Callable[[], None] = lambda: None
    """Called for each read that has no answer and is repeated."""

    def states(self) -> Iterator[DatabricksRun]:
        """Yield every state that is received; the last one is the end of the run.

        Raises `CommandFailed` if the run cannot be read.
        """
        for state in self.api.follow(followed_key_run(self.job, self.run_id), self.on_outage):
            yield DatabricksRun.decode(state)


def _moment(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds > 0 else None
