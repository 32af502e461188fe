"""How answers look to people.

Every value is put into a Text: Rich never takes what a user or a platform wrote for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from polysync_core.cli.answers import REDACTED, Run, Transition
from polysync_core.cli.json import JsonObject, JsonValue, compact
from polysync_core.cli.plan import Plan
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_duration, written_time

_STATUS_STYLES = {
    "Running": "cyan",
    "Succeeded": "green",
    "Failed": "red",
    "Cancelled": "yellow",
    "Skipped": "dim",
}
_ACTION_STYLES = {"create": "green", "update": "yellow", "unchanged": "dim", "delete": "red"}


def status_text(status: str) -> Text:
    """Return a status in its colour."""
    return Text(readable(status), style=_STATUS_STYLES.get(status, ""))


def plan_view(plan: Plan, *, dry_run: bool) -> list[RenderableType]:
    """Return what applying definitions changes, or has changed."""
    table = table_of("Action", "Kind", "Name", "Changes")
    for step in plan.steps:
        style = _ACTION_STYLES.get(step.action, "")
        changes = _text("\n".join(step.changes)) if step.changes else ""
        table.add_row(Text(step.action, style=style), _text(step.kind), _text(step.name), changes)
    summary = Text(f"{'Planned' if dry_run else 'Applied'}: {plan.summary() or 'nothing'}.")
    return [table, summary] if plan.steps else [summary]


def runs_view(runs: Sequence[Run]) -> Table:
    """Return a list of runs, one a line."""
    of = "Task" if any(run.task for run in runs) else "Job"
    table = table_of("Run", of, "Status", "Trigger", "Attempts", "Queued", "Duration")
    for run in runs:
        table.add_row(
            _text(run.run_id),
            _text(run.title),
            status_text(run.status),
            _text(run.trigger),
            str(len(run.attempts)),
            written_time(run.queued_at),
            written_duration(run.duration),
        )
    return table


def run_view(run: Run, history: Sequence[Transition] = ()) -> list[RenderableType]:
    """Return all that is known of a run."""
    parts: list[RenderableType] = [_facts(run)]
    if run.attempts:
        parts += _section("Attempts", _attempts(run))
        parts += [_text(text) for text in _errors(run)]
    if run.parameters:
        parts += _section("Parameters", _values(run.parameters))
    if run.outputs or run.outputs_not_kept:
        parts += _section("Outputs", _outputs(run))
    if run.parents:
        parents = table_of("Task", "Run")
        for parent in run.parents:
            parents.add_row(_text(parent.task), _text(parent.run_id))
        parts += _section("Parents", parents)
    if history:
        parts += _section("History", _history(history))
    return parts


def _facts(run: Run) -> Table:
    status = status_text(run.status)
    if run.cancel_requested and not run.is_terminal:
        status.append(" (cancellation requested)")
    if run.reason:
        status.append(f" - {readable(run.reason)}", style="default")
    facts: list[tuple[str, Text | str]] = [
        ("Run", _text(run.run_id)),
        _subject(run),
        ("Status", status),
        ("Trigger", _text(run.trigger)),
        ("Rerun of", _text(run.rerun_of)),
        ("Graph run", _text(run.graph_run_id)),
        ("Priority", str(run.priority)),
        ("Scheduled", written_time(run.scheduled_time)),
        ("Queued", written_time(run.queued_at)),
        ("Started", written_time(run.started_at)),
        ("Next attempt", written_time(run.next_attempt_at)),
        ("Finished", written_time(run.finished_at)),
        ("Duration", written_duration(run.duration)),
    ]
    return _pairs((name, fact) for name, fact in facts if str(fact) != ABSENT)


def _subject(run: Run) -> tuple[str, Text]:
    if run.task:
        return "Task", _text(f"{run.task} (job {run.job} on {run.platform})")
    return "Job", _text(f"{run.job} on {run.platform}, without a task")


def _attempts(run: Run) -> Table:
    table = table_of("#", "Status", "Cause", "Started", "Duration", "External run", "Monitor URL")
    for attempt in run.attempts:
        table.add_row(
            str(attempt.number),
            status_text(attempt.status),
            _text(attempt.cause),
            written_time(attempt.started_at),
            written_duration(attempt.duration),
            _text(attempt.external_run_id),
            _text(attempt.monitor_url),
        )
    return table


def _errors(run: Run) -> list[str]:
    return [
        f"Attempt {attempt.number}: {attempt.error}" for attempt in run.attempts if attempt.error
    ]


def _history(history: Sequence[Transition]) -> Table:
    table = table_of("Time", "From", "To", "Attempt", "Actor", "Reason")
    for entry in history:
        table.add_row(
            written_time(entry.at),
            _text(entry.source),
            status_text(entry.target or ABSENT),
            str(entry.attempt or ABSENT),
            _text(entry.actor),
            _text(entry.reason),
        )
    return table


def _outputs(run: Run) -> Table:
    shown = [(name, _output(value)) for name, value in run.outputs.items()]
    absent = [
        (name, Text(f"not kept: {readable(compact(why))}", style="yellow"))
        for name, why in run.outputs_not_kept.items()
    ]
    return _pairs([*shown, *absent])


def _output(value: JsonValue) -> Text:
    return Text("(sensitive)", style="dim") if value == REDACTED else _text(compact(value))


def _values(values: JsonObject) -> Table:
    return _pairs((name, _text(compact(value))) for name, value in values.items())


def _section(title: str, body: RenderableType) -> list[RenderableType]:
    return [Text(""), Text(title, style="bold"), body]


def _pairs(rows: Iterable[tuple[str, Text | str]]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(_text(name), value)
    return table


def table_of(*columns: str) -> Table:
    """Return an empty table in the style of all of them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(value: str | None) -> Text:
    return Text(readable(value)) if value else Text(ABSENT)
