"""Implements `polysync explain`, which shows why a run or a Task is waiting."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Last, RunName, Url
from polysync_core.cli.run_names import find_run_id
from polysync_core.cli.session import open_session

GateTask = Annotated[
    str | None, typer.Option("--task", help="Show the upstream outcomes that this task waits for.")
]


def explain(
    run: RunName = None,
    last: Last = False,
    task: GateTask = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Explain why a run waits; with --task, list the upstream outcomes that a task awaits."""
    if [run is not None, last, task is not None].count(True) != 1:
        raise typer.BadParameter("give a run, --last or --task", param_hint="RUN")
    with open_session(url, as_json=as_json) as session:
        if task is not None:
            answer = session.api.get("tasks", task, "gate", has="edges")
        else:
            answer = session.api.get(
                "task-runs", find_run_id(session.api, run), "explain", has="runId"
            )
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.runs.explain import explanation_view, gate_view

        session.terminal.show(*(explanation_view if task is None else gate_view)(answer))
