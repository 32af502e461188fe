"""The commands that tell what starts what, why something waits, and what comes next."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Task, Url
from polysync_core.cli.session import session

MaybeRunId = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Id of a task run, in full.")
]
GateOf = Annotated[str | None, typer.Option("--task", help="What this task awaits of others.")]
OneTask = Annotated[
    str | None, typer.Argument(metavar="[TASK]", help="Only what is upstream and downstream of it.")
]
OfGraphRun = Annotated[
    str | None, typer.Option("--graph-run", help="How this graph run went, by its root's id.")
]
GraphFormat = Annotated[
    Literal["tree", "table", "mermaid", "svg"] | None,
    typer.Option("--format", help="On the screen tree (the default) or table."),
]
Count = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Profile = Annotated[str, typer.Argument(metavar="PROFILE", help="Name of a contention profile.")]


def graph(  # noqa: PLR0913 - a parameter an option
    task: OneTask = None,
    graph_run: OfGraphRun = None,
    form: GraphFormat = None,
    output: Output = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show what starts what, with the last run and the next fire time of each task."""
    from polysync_core.cli.graph.command import chosen_format, show_graph

    chosen = chosen_format(form, output, as_json=as_json)
    with session(url, as_json=as_json) as now:
        show_graph(now, task, graph_run, chosen, output)


def explain(
    run_id: MaybeRunId = None,
    task: GateOf = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Tell why a task run waits for its start, or with --task what a task awaits of others."""
    if (run_id is None) == (task is None):
        raise typer.BadParameter("give either a run or --task", param_hint="RUN")
    path = ("tasks", task, "gate") if task is not None else ("task-runs", run_id or "", "explain")
    with session(url, as_json=as_json) as now:
        answer = now.api.get(*path)
        if as_json:
            now.terminal.json(answer)
            return
        from polysync_core.cli.explaining import explanation_view
        from polysync_core.cli.gates import gate_view

        now.terminal.show(*(explanation_view if task is None else gate_view)(answer))


def usage(profile: Profile, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show how a contention profile is used: who holds its slots, who waits, its next start."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("contention-profiles", profile, "usage")
        if as_json:
            now.terminal.json(answer)
        else:
            from polysync_core.cli.usage import usage_view

            now.terminal.show(*usage_view(answer))


def fire_times(
    task: Task, count: Count = 10, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show when a task's schedules fire next, and what daylight saving and calendars do to them."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("tasks", task, "fire-times", query={"count": str(count)})
        if as_json:
            now.terminal.json(answer)
        else:
            from polysync_core.cli.fire_times import fire_times_view

            now.terminal.show(*fire_times_view(answer))
