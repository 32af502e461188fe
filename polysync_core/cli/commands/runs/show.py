"""Implements `polysync show`, which shows one run with its attempts and history."""

from __future__ import annotations

from polysync_core.cli.api.answers import HistoryLine, RunAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, OfKey, RunName, Url
from polysync_core.cli.run_names import (
    find_databricks_run_id,
    find_run_id,
    require_one_name,
)
from polysync_core.cli.session import Session, open_session


def show(
    run: RunName = None,
    last: Last = False,
    job: OfKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show a task run: attempts, times, errors, parameters, outputs and history."""
    require_one_name(run, last=last)
    with open_session(url, as_json=as_json) as session:
        if job is not None:
            _show_databricks_run(session, job, find_databricks_run_id(session.api, job, run))
            return
        run_id = find_run_id(session.api, run)
        answer = session.api.get("task-runs", run_id, has="runId")
        entries = session.api.get("task-runs", run_id, "history", has="items")
        history = Reader("the history", entries).objects("items")
        if as_json:
            session.terminal.json({**answer, "history": [*history]})
        else:
            from polysync_core.cli.views.runs.show import run_view

            lines = [HistoryLine.decode(entry) for entry in history]
            session.terminal.show(*run_view(RunAnswer.decode(answer), lines))


def _show_databricks_run(session: Session, job: str, run_id: str) -> None:
    """Show a run that only Databricks stores, with the outputs of its tasks."""
    from polysync_core.cli.api.databricks_runs import DatabricksRun, task_outputs

    answer = session.api.get("jobs", job, "runs", run_id)
    if session.terminal.as_json:
        session.terminal.json(answer)
        return
    from polysync_core.cli.views.platforms.databricks_runs import databricks_run_view

    run = DatabricksRun.decode(answer)
    outputs = task_outputs(session.api, job, run_id) if run.is_over else ()
    session.terminal.show(*databricks_run_view(job, run, outputs))
