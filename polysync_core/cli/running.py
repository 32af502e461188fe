"""Starting a run, and staying with it until its end."""

from __future__ import annotations

from uuid import uuid4

import typer

from polysync_core.cli.answers import Run
from polysync_core.cli.errors import AnswerLost, CommandFailed, UnexpectedAnswer
from polysync_core.cli.follow import Follower
from polysync_core.cli.json import JsonObject, Reader
from polysync_core.cli.progress import Progress
from polysync_core.cli.session import Session
from polysync_core.cli.views import run_view

INTERRUPTED = 130


def start_run(now: Session, task: str, body: JsonObject, key: str | None) -> JsonObject:
    """Run a task once and return the answer.

    Raises:
        CommandFailed: it was refused, or the answer was lost; then it says how to ask again.
    """
    return _asked_once(now, ("tasks", task, "run"), body, key)


def start_job(now: Session, job: str, values: JsonObject, key: str | None) -> JsonObject:
    """Run a job without a task and return the answer; failures are those of `start_run`."""
    body: JsonObject = {"params": values} if values else {}
    return _asked_once(now, ("jobs", job, "run"), body, key)


def start_rerun(now: Session, run_id: str, key: str | None, *, downstream: bool) -> JsonObject:
    """Run a finished run again and return the answer; failures are those of `start_run`."""
    body: JsonObject | None = {"downstream": True} if downstream else None
    return _asked_once(now, ("task-runs", run_id, "rerun"), body, key)


def _asked_once(
    now: Session, path: tuple[str, ...], body: JsonObject | None, key: str | None
) -> JsonObject:
    # With a key of our own where none is given, a lost answer never leads to a second run.
    key = key or str(uuid4())
    try:
        return now.api.post(*path, body=body, headers={"Idempotency-Key": key})
    except AnswerLost as failure:
        failure.add_detail(
            "The run may have been accepted. Repeat the command with"
            f" --idempotency-key {key} to find it; that never makes a second one."
        )
        raise


def run_id_of(answer: JsonObject) -> str:
    """Return the id of the run that was accepted.

    Raises:
        UnexpectedAnswer: there is none.
    """
    run_id = Reader("the answer", answer).text("runId")
    if not run_id:
        raise UnexpectedAnswer("The answer does not name the run.")
    return run_id


def show_accepted(now: Session, answer: JsonObject, what: str, *, follow: bool) -> None:
    """Tell that a run was accepted, in words that go on with `what`, or follow it to its end."""
    if follow:
        follow_run(now, run_id_of(answer))
    elif now.terminal.as_json:
        now.terminal.json(answer)
    else:
        now.terminal.say(f"Run {run_id_of(answer)} {what}.")


def check_followable(job: str, answer: JsonObject) -> None:
    """Raise `CommandFailed` for a run of a Databricks job by its key, of which there is no row."""
    run_id = answer.get("runId")
    if isinstance(run_id, int):
        raise CommandFailed(
            f"Run {run_id} of job {job} is accepted, and cannot be followed here: it is Databricks'"
            " alone.",
            details=[f"GET /api/jobs/{job}/runs/{run_id}?stream=true has its events."],
        )


def follow_run(now: Session, run_id: str) -> None:
    """Show a run until its end, and end the program by its outcome: 0 only for Succeeded."""
    try:
        final = _followed(now, run_id)
    except KeyboardInterrupt:
        now.terminal.remark(f"Run {run_id} goes on. To cancel it: polysync cancel {run_id}")
        raise typer.Exit(INTERRUPTED) from None
    except CommandFailed as failure:
        failure.add_detail(f"The run itself is not touched by this: polysync show {run_id}")
        raise
    if now.terminal.as_json:
        now.terminal.json(final.answer)
    else:
        now.terminal.show(*run_view(final))
    raise typer.Exit(0 if final.succeeded else 1)


def _followed(now: Session, run_id: str) -> Run:
    run: Run | None = None
    with Progress(now.terminal.err) as progress:
        for run in Follower(now.api, run_id).runs():
            progress.show(run)
    if run is None:
        raise UnexpectedAnswer(f"Nothing was heard of run {run_id}.")
    return run
