"""Implements `polysync rerun`, which runs the Tasks of finished runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.commands.runs.filters import (
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
from polysync_core.cli.options import (
    DEFAULT_URL,
    AsJson,
    Assignments,
    Follow,
    IdempotencyKey,
    Last,
    RunName,
    Url,
    Yes,
)
from polysync_core.cli.parameters import parameter_values
from polysync_core.cli.run_names import find_run_id, require_one_name
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

Downstream = Annotated[
    bool, typer.Option("--downstream", help="Also run the tasks that depend on the task.")
]

FromFailure = Annotated[
    bool,
    typer.Option(
        "--from-failure", help="Let the platform run only the failed parts of the run again."
    ),
]


Refresh = Annotated[
    bool,
    typer.Option("--refresh", help="Take the present values of the task and its schedule."),
]


def rerun(  # noqa: PLR0913 - one parameter per option
    run: RunName = None,
    last: Last = False,
    parameters: Assignments = None,
    downstream: Downstream = False,
    from_failure: FromFailure = False,
    refresh: Refresh = False,
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
    yes: Yes = False,
    idempotency_key: IdempotencyKey = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run the task of a finished run again, or of all failed runs that match."""
    body = _body(parameters, downstream=downstream, from_failure=from_failure, refresh=refresh)
    query = run_query(
        task=task,
        job=job,
        status=status,
        graph=graph,
        platform=platform,
        trigger=trigger,
        cause=cause,
        tag=tag,
        since=since,
        until=until,
        backfill=backfill,
    )
    if any(query.values()):
        if run is not None or last or follow:
            raise typer.BadParameter("cannot be combined with filters", param_hint="RUN, --follow")
        from polysync_core.cli.commands.runs.many_runs import rerun_many

        with open_session(url, as_json=as_json) as session:
            rerun_many(session, query, body, key=idempotency_key, yes=yes)
        return
    require_one_name(run, last=last, otherwise="or filters such as --status Failed --since 2h")
    with open_session(url, as_json=as_json) as session:
        from polysync_core.cli.following.accepted_run import show_accepted

        run_id = find_run_id(session.api, run)
        path = ("task-runs", run_id, "rerun")
        answer = session.api.post_once(*path, body=body or None, key=idempotency_key)
        show_accepted(session, answer, f"repeats {run_id} and is accepted", follow=follow)


def _body(
    parameters: list[str] | None, *, downstream: bool, from_failure: bool, refresh: bool
) -> JsonObject:
    body: JsonObject = {}
    if downstream:
        body["downstream"] = True
    if from_failure:
        body["fromFailure"] = True
    if refresh:
        body["refresh"] = True
    if parameters:
        body["parameters"] = parameter_values(parameters)
    return body
