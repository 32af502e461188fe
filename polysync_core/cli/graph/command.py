"""Showing the graph, or writing it to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from polysync_core.cli.documents import write_document
from polysync_core.cli.graph.answer import Graph
from polysync_core.cli.session import Session

type Format = Literal["tree", "table", "mermaid", "svg"]

_FORMATS: dict[str, Format] = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


def chosen_format(asked: Format | None, output: Path | None, *, as_json: bool) -> Format:
    """Return the format that was asked for, or that the name of the file tells.

    Raises:
        BadParameter: the options contradict each other.
    """
    if as_json and (asked is not None or output is not None):
        raise typer.BadParameter(
            "prints the API's JSON on the screen: leave out the others.", param_hint="--json"
        )
    if output is None:
        return asked or "tree"
    chosen = asked or _FORMATS.get(output.suffix.lower())
    if chosen not in {"svg", "mermaid"}:
        raise typer.BadParameter(
            "is for --format svg or mermaid; name the file .svg or .mmd.", param_hint="--output"
        )
    return chosen


def show_graph(
    now: Session, task: str | None, graph_run: str | None, chosen: Format, output: Path | None
) -> None:
    """Ask for the graph and show it in the chosen format.

    Raises:
        CommandFailed: it was refused, or the file cannot be written.
    """
    answer = now.api.get("graph", query={"task": task, "graphRunId": graph_run})
    if now.terminal.as_json:
        now.terminal.json(answer)
        return
    graph = Graph.decode(answer)
    if chosen in {"tree", "table"}:
        _show(now, graph, chosen)
        return
    text = _text(graph, chosen, _heading(task, graph_run))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_document(output, text)
        now.terminal.remark(f"Written to {output}.")


def _show(now: Session, graph: Graph, chosen: Format) -> None:
    from polysync_core.cli.graph.views import table_view, tree_view

    if not graph.nodes:
        now.terminal.remark("No tasks.")
    elif chosen == "table":
        now.terminal.show(table_view(graph))
    else:
        now.terminal.show(*tree_view(graph))


def _text(graph: Graph, chosen: Format, heading: str) -> str:
    from polysync_core.cli.graph.mermaid import mermaid
    from polysync_core.cli.graph.svg import svg

    return svg(graph, heading) if chosen == "svg" else mermaid(graph)


def _heading(task: str | None, graph_run: str | None) -> str:
    about = f"Around {task}" if task else "All tasks"
    if graph_run is None:
        return about
    return f"{about} in graph run {graph_run}" if task else f"Graph run {graph_run}"
