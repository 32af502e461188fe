"""Implements `polysync follow`, which shows the progress of a run until its end."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, OfKey, RunName, Url
from polysync_core.cli.run_names import (
    find_databricks_run_id,
    find_run_id,
    require_one_name,
)
from polysync_core.cli.session import open_session

WholeGraph = Annotated[
    bool, typer.Option("--graph", help="Follow the whole graph run that RUN belongs to.")
]


def follow(  # noqa: PLR0913 - one parameter per option
    run: RunName = None,
    last: Last = False,
    graph: WholeGraph = False,
    job: OfKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Follow a run to its end; exit code 0 only if it succeeded."""
    require_one_name(run, last=last)
    if job is not None and graph:
        raise typer.BadParameter("cannot be combined with --job", param_hint="--graph")
    with open_session(url, as_json=as_json) as session:
        if job is not None:
            from polysync_core.cli.following.databricks_follow import follow_databricks_run

            follow_databricks_run(session, job, find_databricks_run_id(session.api, job, run))
            return
        found = session.api.task_run(find_run_id(session.api, run))
        if graph:
            from polysync_core.cli.following.graph_run import follow_graph_run

            follow_graph_run(session, found.graph_run_id or found.run_id)
        else:
            from polysync_core.cli.following.accepted_run import follow_run

            follow_run(session, found.run_id)
