"""Implements `polysync runs`, which lists runs, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.run_names import find_graph_run_id, require_task
from polysync_core.cli.session import open_session
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.status import RunStatus, TriggerType

OfTask = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
OfJob = Annotated[str | None, typer.Option("--job", help="Only runs of this job without a task.")]
OfStatus = Annotated[
    list[RunStatus] | None,
    typer.Option("--status", help="Only runs with this status; repeat it for several."),
]
OfPlatform = Annotated[str | None, typer.Option("--platform", help="Only runs on this platform.")]
OfTrigger = Annotated[
    TriggerType | None, typer.Option("--trigger", help="Only runs with this trigger.")
]
OfCause = Annotated[
    FailureCause | None, typer.Option("--cause", help="Only failed runs with this cause.")
]
OfTag = Annotated[
    str | None,
    typer.Option("--tag", metavar="NAME[=VALUE]", help="Only runs with this tag."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Accepted since a time, or an age such as 24h."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Accepted before a time or an age.")
]
OfBackfill = Annotated[
    str | None, typer.Option("--backfill", metavar="ID", help="Only runs of this backfill.")
]
OfGraphRun = Annotated[
    str | None,
    typer.Option(
        "--graph", metavar="RUN", help="Only runs of this graph run: its root run, or @TASK."
    ),
]

IsLate = Annotated[bool, typer.Option("--late", help="Only runs that were late, missing or slow.")]

_OPTIONS = {"graphRunId": "--graph", "backfillId": "--backfill"}


def runs(  # noqa: PLR0913 - one parameter per option
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
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List task runs, or with --job the runs of a job, newest first."""
    query: dict[str, str | Sequence[str] | None] = {
        "task": task,
        "status": [each.value for each in status or ()] or None,
        "graphRunId": graph,
        "platform": platform,
        "trigger": trigger,
        "cause": cause,
        "tag": tag,
        "since": since,
        "until": until,
        "backfillId": backfill,
        "late": "true" if late else None,
    }
    given = [name for name, value in query.items() if value is not None]
    if job is not None and given:
        options = ", ".join(_OPTIONS.get(name, f"--{name}") for name in given)
        raise typer.BadParameter(f"cannot be combined with {options}", param_hint="--job")
    path, member = (("task-runs",), "items") if job is None else (("jobs", job, "runs"), "runs")
    with open_session(url, as_json=as_json) as session:
        query["graphRunId"] = find_graph_run_id(session.api, graph)
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
            from polysync_core.cli.views.runs.databricks_runs import databricks_runs_view

            found = [DatabricksRun.decode(item) for item in items]
            session.terminal.show(databricks_runs_view(found))
        elif items:
            session.terminal.show(runs_view([RunAnswer.decode(item) for item in items]))
        if token or not items:
            more = "There are more: use --limit N or --all."
            session.terminal.note(more if token else "No runs.")
