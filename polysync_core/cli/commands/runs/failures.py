"""Implements `polysync failures`, which groups failed runs by Task, cause and error."""

from __future__ import annotations

from polysync_core.cli.commands.runs.filters import (
    OfBackfill,
    OfCause,
    OfGraphRun,
    OfJob,
    OfPlatform,
    OfTag,
    OfTask,
    OfTrigger,
    Since,
    Until,
    run_query,
)
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.run_names import find_graph_run_id
from polysync_core.cli.session import open_session


def failures(  # noqa: PLR0913 - one parameter per option
    task: OfTask = None,
    job: OfJob = None,
    platform: OfPlatform = None,
    trigger: OfTrigger = None,
    cause: OfCause = None,
    tag: OfTag = None,
    since: Since = "24h",
    until: Until = None,
    backfill: OfBackfill = None,
    graph: OfGraphRun = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Group failed runs by task, cause and error, the largest group first."""
    from polysync_core.cli.views.runs.failures import failures_view

    query = run_query(
        task=task,
        job=job,
        platform=platform,
        trigger=trigger,
        cause=cause,
        tag=tag,
        since=since,
        until=until,
        backfill=backfill,
    )
    with open_session(url, as_json=as_json) as session:
        query["graphRunId"] = find_graph_run_id(session.api, graph)
        answer = session.api.get("failures", query=query, has="groups")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.show(*failures_view(answer))
