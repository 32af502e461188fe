"""Implements `polysync graph`, which shows or draws Tasks and their dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from polysync_core.cli.api.graph import GraphAnswer
from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Url
from polysync_core.cli.run_names import find_graph_run_id
from polysync_core.cli.session import Session, open_session

type Format = Literal["tree", "table", "mermaid", "svg"]

OneTask = Annotated[
    str | None,
    typer.Argument(metavar="TASK", help="Only this task, with its upstream and downstream tasks."),
]
OfGraphRun = Annotated[
    str | None,
    typer.Option("--graph-run", metavar="RUN", help="One graph run, by its root run or @TASK."),
]
Hops = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="With TASK: maximum distance from it, in dependencies."),
]
OfTag = Annotated[
    str | None, typer.Option("--tag", metavar="NAME[=VALUE]", help="Only tasks with this tag.")
]
GraphFormat = Annotated[
    Literal["tree", "table", "mermaid", "svg"] | None,
    typer.Option("--format", help="Default: tree, or the extension of the output file."),
]
_FORMATS: dict[str, Format] = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


def graph(  # noqa: PLR0913 - one parameter per option
    task: OneTask = None,
    graph_run: OfGraphRun = None,
    hops: Hops = None,
    tag: OfTag = None,
    format_option: GraphFormat = None,
    output: Output = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the task graph, with the last run and next fire time of each task."""
    chosen = _choose_format(format_option, output, as_json=as_json)
    if tag is not None and (task or graph_run):
        message = "cannot be combined with a task or --graph-run."
        raise typer.BadParameter(message, param_hint="--tag")
    if hops is not None and (task is None or graph_run):
        message = "needs a task, and cannot be combined with --graph-run."
        raise typer.BadParameter(message, param_hint="--hops")
    with open_session(url, as_json=as_json) as session:
        root = find_graph_run_id(session.api, graph_run)
        query = {
            "task": task,
            "graphRunId": root,
            "hops": None if hops is None else str(hops),
            "tag": tag,
        }
        answer = session.api.get("graph", query=query, has="nodes")
        if as_json:
            session.terminal.json(answer)
            return
        found = GraphAnswer.decode(answer)
        if chosen in {"tree", "table"}:
            _show(session, found, chosen)
        else:
            heading = f"Tasks with {tag}" if tag else _heading(task, root)
            _write(session, _picture(found, chosen, heading), output)


def _choose_format(chosen: Format | None, output: Path | None, *, as_json: bool) -> Format:
    """Return the format of the option, or of the file's name.

    Raises:
        BadParameter: the options contradict each other.
    """
    if as_json and (chosen is not None or output is not None):
        raise typer.BadParameter(
            "cannot be combined with --format or --output.", param_hint="--json"
        )
    if output is None:
        return chosen or "tree"
    found = chosen or _FORMATS.get(output.suffix.lower())
    if found not in {"svg", "mermaid"}:
        raise typer.BadParameter(
            "requires --format svg or mermaid, or a file name that ends in .svg or .mmd.",
            param_hint="--output",
        )
    return found


def _show(session: Session, found: GraphAnswer, chosen: Format) -> None:
    from polysync_core.cli.views.runs.graph import table_view, tree_view

    if not found.nodes:
        session.terminal.note("No tasks.")
    elif chosen == "table":
        session.terminal.show(table_view(found))
    else:
        session.terminal.show(*tree_view(found))


def _write(session: Session, text: str, output: Path | None) -> None:
    from polysync_core.cli.documents import write_document

    if output is None:
        typer.echo(text, nl=False)
    else:
        write_document(output, text)
        session.terminal.note(f"Written to {output}.")


def _picture(found: GraphAnswer, chosen: Format, heading: str) -> str:
    from polysync_core.cli.graph.mermaid import mermaid
    from polysync_core.cli.graph.svg import svg

    return svg(found, heading) if chosen == "svg" else mermaid(found)


def _heading(task: str | None, graph_run: str | None) -> str:
    subject = f"Task {task}" if task else "All tasks"
    if graph_run is None:
        return subject
    return f"{subject} in graph run {graph_run}" if task else f"Graph run {graph_run}"
