"""`polysync explain`: says why a run or a Task waits."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

OptionalRunId = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Full id of a task run.")
]
GateTask = Annotated[
    str | None, typer.Option("--task", help="Show the upstream outcomes that this task waits for.")
]


def explain(
    run_id: OptionalRunId = None,
    task: GateTask = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Explain why a run waits; with --task, which upstream outcomes a task waits for."""
    if (run_id is None) == (task is None):
        raise typer.BadParameter("give either a run or --task", param_hint="RUN")
    path = ("tasks", task, "gate") if task is not None else ("task-runs", run_id or "", "explain")
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get(*path)
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.explain import explanation_view, gate_view

        session.terminal.show(*(explanation_view if task is None else gate_view)(answer))
