"""Builds the terminal views of runs that only Databricks stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.databricks_runs import DatabricksRun, TaskOutput
from polysync_core.cli.layout.fitted_table import FittedTable, Moment
from polysync_core.cli.layout.formats import format_duration, format_time
from polysync_core.cli.layout.tables import link_column, new_facts, new_table, whole_column
from polysync_core.cli.terminal import printable


def databricks_runs_view(runs: Sequence[DatabricksRun]) -> FittedTable:
    """Return a table with a line for each run."""
    table = new_table(
        whole_column("Run"),
        whole_column("State"),
        whole_column("Result"),
        whole_column("Started", drop=1),
        whole_column("Duration", drop=2),
        link_column("Page"),
    )
    for run in runs:
        table.add(
            run.run_id, run.state, run.result, Moment(run.started_at), _duration(run), run.page_url
        )
    return table


def databricks_run_view(
    job: str, run: DatabricksRun, outputs: Sequence[TaskOutput] = ()
) -> list[RenderableType]:
    """Return the facts of a run and the outputs of its tasks."""
    facts: list[tuple[str, str]] = [
        ("Run", run.run_id),
        ("Job", job),
        ("State", run.state),
        ("Result", run.result or ""),
        ("Message", run.message or ""),
        ("Started", _time(run.started_at)),
        ("Ended", _time(run.ended_at)),
        ("Duration", _duration(run)),
        ("Page", run.page_url or ""),
    ]
    parts: list[RenderableType] = [new_facts([(name, value) for name, value in facts if value])]
    for output in outputs:
        parts += [Text(""), *_output(output)]
    return parts


def outputs_view(outputs: Sequence[TaskOutput]) -> list[RenderableType]:
    """Return the errors, traces and logs of the tasks of a run."""
    parts: list[RenderableType] = []
    for output in outputs:
        parts += [*_output(output), Text("")]
    return parts[:-1]


def _output(output: TaskOutput) -> Iterator[RenderableType]:
    title = f"Task {output.name or output.run_id}: {output.status}"
    yield Text(printable(title), style="bold")
    texts = ((output.result, ""), (output.error, "red"), (output.trace, ""), (output.logs, ""))
    for text, style in texts:
        if text:
            yield Text(printable(text), style=style)


def _duration(run: DatabricksRun) -> str:
    if run.started_at is None or run.ended_at is None:
        return ""
    return format_duration(run.ended_at - run.started_at)


def _time(time: datetime | None) -> str:
    return "" if time is None else format_time(time)
