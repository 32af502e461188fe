"""`polysync show`: shows one run with its attempts and history."""

from __future__ import annotations

from polysync_core.cli.api.answers import HistoryLine, RunAnswer
from polysync_core.cli.options import DEFAULT_URL, AsJson, RunId, Url
from polysync_core.cli.session import open_session


def show(run_id: RunId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show a task run: attempts, times, errors, parameters, outputs and history."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("task-runs", run_id)
        history, _ = session.api.items("task-runs", run_id, "history")
        if as_json:
            session.terminal.json({**answer, "history": [*history]})
        else:
            from polysync_core.cli.views.show import run_view

            entries = [HistoryLine.decode(entry) for entry in history]
            session.terminal.show(*run_view(RunAnswer.decode(answer), entries))
