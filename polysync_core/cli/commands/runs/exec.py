"""Implements `polysync exec`, which runs a Job directly, without a Task."""

from __future__ import annotations

from polysync_core.cli.options import (
    DEFAULT_URL,
    AsJson,
    Assignments,
    Follow,
    IdempotencyKey,
    JobName,
    Url,
)
from polysync_core.cli.parameters import parameter_values
from polysync_core.cli.session import open_session
from polysync_core.domain.json_types import JsonObject


def execute(  # noqa: PLR0913 - one parameter per option
    job: JobName,
    parameters: Assignments = None,
    idempotency_key: IdempotencyKey = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a job now, without a task."""
    values = parameter_values(parameters)
    body: JsonObject = {"params": values} if values else {}
    with open_session(url, as_json=as_json) as session:
        from polysync_core.cli.following.accepted_run import show_accepted

        answer = session.api.post_once("jobs", job, "run", body=body, key=idempotency_key)
        run_id = answer.get("runId")
        if follow and str(run_id).isdecimal():
            # Only Databricks stores a run with a number, so it has no row.
            from polysync_core.cli.following.databricks_follow import follow_databricks_run

            follow_databricks_run(session, job, str(run_id))
        show_accepted(session, answer, f"of job {job} is accepted", follow=follow)
