"""Implements `polysync create-task`, which creates a Task from a Job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Assignments, JobName, Url
from polysync_core.cli.parameters import parameter_values
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

NewName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new task.")]


def create_task(
    job: JobName,
    name: NewName,
    parameters: Assignments = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create a task of a job."""
    body: JsonObject = {"name": name, "parameters": parameter_values(parameters)}
    with open_session(url, as_json=as_json) as session:
        answer = session.api.post("jobs", job, "tasks", body=body, has="etag")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.line(f"Task {name} of job {job} is created.")
            session.terminal.note(
                f"To run it: polysync run {name}. To edit it: polysync edit task {name}"
            )
