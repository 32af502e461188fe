"""Implements `polysync rerun`, which starts the Task of a finished run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import (
    DEFAULT_URL,
    AsJson,
    Assignments,
    Follow,
    IdempotencyKey,
    Last,
    RunName,
    Url,
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
    idempotency_key: IdempotencyKey = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run the task of a finished run again, with the same parameters or others."""
    body: JsonObject = {"downstream": True} if downstream else {}
    if from_failure:
        body["fromFailure"] = True
    if refresh:
        body["refresh"] = True
    if parameters:
        body["parameters"] = parameter_values(parameters)
    require_one_name(run, last=last)
    with open_session(url, as_json=as_json) as session:
        from polysync_core.cli.following.accepted_run import show_accepted

        run_id = find_run_id(session.api, run)
        path = ("task-runs", run_id, "rerun")
        answer = session.api.post_once(*path, body=body or None, key=idempotency_key)
        show_accepted(session, answer, f"repeats {run_id} and is accepted", follow=follow)
