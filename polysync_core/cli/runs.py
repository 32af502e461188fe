"""The commands around the runs of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.answers import CANCELLED, TERMINAL, Run, Transition
from polysync_core.cli.json import Reader
from polysync_core.cli.options import (
    DEFAULT_URL,
    All,
    AsJson,
    Assignments,
    Follow,
    Key,
    Limit,
    Task,
    Url,
)
from polysync_core.cli.parameters import given_values
from polysync_core.cli.session import session

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of a task run, in full.")]
Priority = Annotated[int | None, typer.Option(help="Higher goes first.")]
Downstream = Annotated[
    bool, typer.Option("--downstream", help="Also run what depends on the task.")
]
OfTask = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
OfJob = Annotated[
    str | None, typer.Option("--job", help="Runs of this job without a task, and no others.")
]
OfStatus = Annotated[
    str | None,
    typer.Option("--status", help="Queued, Running, Succeeded, Failed, Cancelled or Skipped."),
]
OfGraph = Annotated[str | None, typer.Option("--graph", help="Only runs of this graph run.")]


def run(  # noqa: PLR0913 - a parameter an option
    task: Task,
    parameters: Assignments = None,
    priority: Priority = None,
    idempotency_key: Key = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a task once."""
    body: JsonObject = {"parameters": given_values(parameters)}
    if priority is not None:
        body["priority"] = priority
    with session(url, as_json=as_json) as now:
        from polysync_core.cli.running import show_accepted, start_run

        answer = start_run(now, task, body, idempotency_key)
        show_accepted(now, answer, f"of {task} is accepted", follow=follow)


def runs(  # noqa: PLR0913 - a parameter an option
    task: OfTask = None,
    job: OfJob = None,
    status: OfStatus = None,
    graph: OfGraph = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List task runs, or with --job the runs of a job without a task, newest first."""
    query = {"task": task, "status": status, "graphRunId": graph}
    if job is not None and any(query.values()):
        message = "it goes with none of --task, --status and --graph"
        raise typer.BadParameter(message, param_hint="--job")
    path, member = (("task-runs",), "items") if job is None else (("jobs", job, "runs"), "runs")
    with session(url, as_json=as_json) as now:
        most = None if everything else limit
        items, token = now.api.items(*path, query=query, limit=most, member=member)
        if as_json:
            now.terminal.json({member: [*items], "continuationToken": token})
            return
        from polysync_core.cli.errors import CommandFailed
        from polysync_core.cli.views import runs_view

        if job and any("run_id" in item for item in items):
            raise CommandFailed(
                f"The runs of {job} are Databricks' alone, in its own words: --json gives them."
            )
        if items:
            now.terminal.show(runs_view([Run.decode(item) for item in items]))
        if token or not items:
            now.terminal.remark("There are more: --limit N, or --all." if token else "No runs.")


def show(run_id: RunId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show a task run: attempts, times, errors, parameters, outputs and history."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("task-runs", run_id)
        history, _ = now.api.items("task-runs", run_id, "history")
        if as_json:
            now.terminal.json({**answer, "history": [*history]})
        else:
            from polysync_core.cli.views import run_view

            entries = [Transition.decode(entry) for entry in history]
            now.terminal.show(*run_view(Run.decode(answer), entries))


def cancel(run_id: RunId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Ask for the end of a run; the platform is given time to stop it."""
    with session(url, as_json=as_json) as now:
        answer = now.api.post("task-runs", run_id, "cancel")
        status = Reader("the run", answer).text("status")
        if as_json:
            now.terminal.json(answer)
        elif status not in TERMINAL:
            now.terminal.say(f"The cancellation of run {run_id} is requested.")
        else:
            now.terminal.say(f"Run {run_id} has ended: {status}.")
    if status in TERMINAL - {CANCELLED}:
        raise typer.Exit(1)


def rerun(  # noqa: PLR0913 - a parameter an option
    run_id: RunId,
    downstream: Downstream = False,
    idempotency_key: Key = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run the task of a finished run again, with the same parameters."""
    with session(url, as_json=as_json) as now:
        from polysync_core.cli.running import show_accepted, start_rerun

        answer = start_rerun(now, run_id, idempotency_key, downstream=downstream)
        show_accepted(now, answer, f"repeats {run_id}; it is accepted", follow=follow)
