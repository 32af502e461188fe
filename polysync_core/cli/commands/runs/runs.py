"""Implements `polysync runs`, which lists runs, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.commands.runs.filters import (
    IsLate,
    OfBackfill,
    OfCause,
    OfGraphRun,
    OfJob,
    OfPlatform,
    OfStatus,
    OfTag,
    OfTask,
    OfTrigger,
    Since,
    Until,
    run_query,
)
from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.run_names import find_graph_run_id, require_task
from polysync_core.cli.session import Session, open_session

Watch = Annotated[
    bool, typer.Option("--watch", "-w", help="Show the list again and again, until Ctrl-C.")
]

Named = Annotated[
    str | None, typer.Argument(metavar="TASK", help="Only runs of this task, as --task.")
]


def runs(  # noqa: PLR0913 - one parameter per option
    named: Named = None,
    task: OfTask = None,
    job: OfJob = None,
    status: OfStatus = None,
    graph: OfGraphRun = None,
    platform: OfPlatform = None,
    trigger: OfTrigger = None,
    cause: OfCause = None,
    tag: OfTag = None,
    since: Since = None,
    until: Until = None,
    backfill: OfBackfill = None,
    late: IsLate = False,
    limit: Limit = 20,
    watch: Watch = False,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List task runs, newest first; with --job alone, the runs of a job without a task."""
    task = _one_task(named, task)
    query = run_query(
        task=task,
        status=status,
        platform=platform,
        trigger=trigger,
        cause=cause,
        tag=tag,
        since=since,
        until=until,
        backfill=backfill,
        late=late,
        graph=graph,
    )
    if watch and (everything or as_json):
        raise typer.BadParameter("cannot be combined with --all or --json", param_hint="--watch")
    path, member = ("task-runs",), "items"
    if job is not None and not any(query.values()) and not watch:
        # The runs without a task, also those that only Databricks stores.
        path, member = ("jobs", job, "runs"), "runs"
    elif job is not None:
        query["job"] = job
    with open_session(url, as_json=as_json) as session:
        query["graphRunId"] = find_graph_run_id(session.api, graph)
        if watch:
            _watch(session, query, limit)
        max_items = None if everything else limit
        items, token = session.api.items(*path, query=query, limit=max_items, member=member)
        if not items:
            require_task(session.api, task)
        if as_json:
            session.terminal.json({member: [*items], "continuationToken": token})
            return
        from polysync_core.cli.views.runs.runs import runs_view

        if any("run_id" in item for item in items):
            from polysync_core.cli.api.databricks_runs import DatabricksRun
            from polysync_core.cli.views.platforms.databricks_runs import databricks_runs_view

            found = [DatabricksRun.decode(item) for item in items]
            session.terminal.show(databricks_runs_view(found))
        elif items:
            session.terminal.show(runs_view([RunAnswer.decode(item) for item in items]))
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No runs.")


def _one_task(named: str | None, option: str | None) -> str | None:
    if named is not None and option is not None:
        raise typer.BadParameter("name the task once", param_hint="TASK")
    return named or option


def _watch(session: Session, query: Mapping[str, str | Sequence[str] | None], limit: int) -> None:
    """Show the list until Ctrl-C."""
    from polysync_core.cli.following.watch import watch_runs

    def read() -> list[RunAnswer]:
        found = session.api.items("task-runs", query=query, limit=limit)[0]
        return [RunAnswer.decode(each) for each in found]

    watch_runs(session, read)
