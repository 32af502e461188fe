"""Implements `polysync show`, which shows one run with its attempts and history."""

from __future__ import annotations

from polysync_core.cli.api.answers import HistoryLine, RunAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, RunName, Url
from polysync_core.cli.run_names import find_run_id, require_one_name
from polysync_core.cli.session import open_session


def show(
    run: RunName = None, last: Last = False, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show a task run: attempts, times, errors, parameters, outputs and history."""
    require_one_name(run, last=last)
    with open_session(url, as_json=as_json) as session:
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
