"""Implements `polysync runs`, which lists runs, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.run_names import find_graph_run_id, require_task
from polysync_core.cli.session import open_session

OfTask = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
OfJob = Annotated[str | None, typer.Option("--job", help="Only runs of this job without a task.")]
OfStatus = Annotated[
    str | None,
    typer.Option("--status", help="Queued, Running, Succeeded, Failed, Cancelled or Skipped."),
]
OfGraphRun = Annotated[
    str | None,
    typer.Option("--graph", metavar="RUN", help="Only runs of this graph run; @TASK is possible."),
]


def runs(  # noqa: PLR0913 - one parameter per option
    task: OfTask = None,
    job: OfJob = None,
    status: OfStatus = None,
    graph: OfGraphRun = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List task runs, or with --job the runs of a job, newest first."""
    if job is not None and (task or status or graph):
        message = "cannot be combined with --task, --status or --graph"
        raise typer.BadParameter(message, param_hint="--job")
    path, member = (("task-runs",), "items") if job is None else (("jobs", job, "runs"), "runs")
    with open_session(url, as_json=as_json) as session:
        root = find_graph_run_id(session.api, graph)
        query = {"task": task, "status": status, "graphRunId": root}
        max_items = None if everything else limit
        items, token = session.api.items(*path, query=query, limit=max_items, member=member)
        if not items:
            require_task(session.api, task)
        if as_json:
            session.terminal.json({member: [*items], "continuationToken": token})
            return
        from polysync_core.cli.views.runs import runs_view

        if job and any("run_id" in item for item in items):
            raise CommandFailed(
                f"Only Databricks stores the runs of {job}, in its own format. Use --json."
            )
        if items:
            session.terminal.show(runs_view([RunAnswer.decode(item) for item in items]))
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No runs.")
