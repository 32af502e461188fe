"""The command that runs a job at once, without a task."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Assignments, Follow, Key, Url
from polysync_core.cli.parameters import given_values
from polysync_core.cli.session import session

Job = Annotated[str, typer.Argument(metavar="JOB", help="Name of the job.")]


def execute(  # noqa: PLR0913 - a parameter an option
    job: Job,
    parameters: Assignments = None,
    idempotency_key: Key = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a job now, without a task."""
    values = given_values(parameters)
    with session(url, as_json=as_json) as now:
        from polysync_core.cli.running import check_followable, show_accepted, start_job

        answer = start_job(now, job, values, idempotency_key)
        if follow:
            check_followable(job, answer)
        show_accepted(now, answer, f"of job {job} is accepted", follow=follow)
