"""Implements `polysync job-keys`, which lists the short names of configured Databricks jobs."""

from __future__ import annotations

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session


def job_keys(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the job keys of the environment, with task type and parameters."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("job-keys", has="jobs")
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.platforms.job_keys import job_keys_view

        keys = Reader("the job keys", answer).object("jobs")
        if keys:
            session.terminal.show(job_keys_view(keys))
        else:
            session.terminal.note("No job keys: set DATABRICKS_JOB_<NAME> to the number of a job.")
