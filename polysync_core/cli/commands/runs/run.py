"""Implements `polysync run`, which starts one run of a Task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import (
    DEFAULT_URL,
    AsJson,
    Assignments,
    Follow,
    IdempotencyKey,
    TaskName,
    Url,
)
from polysync_core.cli.parameters import parameter_values
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

Priority = Annotated[int | None, typer.Option(help="A higher priority starts first.")]


def run(  # noqa: PLR0913 - one parameter per option
    task: TaskName,
    parameters: Assignments = None,
    priority: Priority = None,
    idempotency_key: IdempotencyKey = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a task once."""
    body: JsonObject = {"parameters": parameter_values(parameters)}
    if priority is not None:
        body["priority"] = priority
    with open_session(url, as_json=as_json) as session:
        from polysync_core.cli.following.accepted_run import show_accepted

        answer = session.api.post_once("tasks", task, "run", body=body, key=idempotency_key)
        show_accepted(session, answer, f"of {task} is accepted", follow=follow)
