"""Builds the terminal view of one run for `polysync show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.answers import REDACTED, AttemptAnswer, HistoryLine, RunAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.layout.fitted_table import FittedTable, Moment
from polysync_core.cli.layout.formats import ABSENT, format_duration, format_time
from polysync_core.cli.layout.sentences import Facts
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import (
    cell,
    lines,
    link_column,
    name_column,
    new_facts,
    new_table,
    text_column,
    whole_column,
)
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.runs.parameters import parameters_table
from polysync_core.domain.json_types import JsonValue


def run_view(run: RunAnswer, history: Sequence[HistoryLine] = ()) -> list[RenderableType]:
    """Return the facts of a run, then a section for each non-empty list."""
    parts: list[RenderableType] = [_facts(run), *lines(run.warnings)]
    if run.attempts:
        parts += _section("Attempts", _attempts(run))
        parts += lines(_errors(run.attempts))
    if run.parameters:
        parts += _section("Parameters", parameters_table(run))
    if run.outputs or run.outputs_not_kept:
        parts += _section("Outputs", _outputs(run))
    if run.parents:
        parents = new_table(name_column("Task"), whole_column("Run"))
        for parent in run.parents:
            parents.add(parent.task, parent.run_id)
        parts += _section("Parents", parents)
    if history:
        parts += _section("History", _history(history))
    return parts


def _facts(run: RunAnswer) -> Facts:
    status = status_cell(run.status)
    if run.cancel_requested and not run.is_terminal:
        status.append(" (cancellation requested)")
    state = run.reason if run.is_terminal else run.problem or run.reason
    if state:
        status.append(f" - {printable(state)}", style="default")
    facts: list[tuple[str, Text | str]] = [
        ("Run", cell(run.run_id)),
        _subject(run),
        ("Status", status),
        ("Problem", cell(run.problem if run.is_terminal else None)),
        ("Trigger", cell(run.trigger)),
        ("Schedule", cell(run.schedule)),
        ("Backfill", cell(run.backfill_id)),
        ("Rerun of", cell(run.rerun_of)),
        ("Graph run", cell(run.graph_run_id)),
        ("Trace", cell(run.trace_id)),
        ("Priority", str(run.priority)),
        ("Scheduled", format_time(run.scheduled_time)),
        ("Time zone", cell(run.time_zone)),
        ("Queued", format_time(run.queued_at)),
        ("Started", format_time(run.started_at)),
        ("Next attempt", format_time(run.next_attempt_at)),
        ("Finished", format_time(run.finished_at)),
        ("Duration", format_duration(run.duration)),
        ("Missed deadlines", cell("; ".join(run.missed_deadlines) or None)),
    ]
    return new_facts((name, fact) for name, fact in facts if str(fact) != ABSENT)


def _subject(run: RunAnswer) -> tuple[str, Text]:
    if run.task:
        return "Task", cell(f"{run.task} (job {run.job} on {run.platform})")
    return "Job", cell(f"{run.job} on {run.platform}, without a task")


def _attempts(run: RunAnswer) -> FittedTable:
    table = new_table(
        whole_column("#"),
        whole_column("Status"),
        whole_column("Cause", drop=1),
        whole_column("Started", drop=2),
        whole_column("Duration", drop=3),
        whole_column("External run"),
        link_column("Monitor URL"),
    )
    for attempt in run.attempts:
        table.add(
            str(attempt.number),
            status_cell(attempt.status),
            attempt.cause,
            Moment(attempt.started_at),
            format_duration(attempt.duration),
            attempt.external_run_id,
            attempt.monitor_url,
        )
    return table


def _errors(attempts: Sequence[AttemptAnswer]) -> Iterator[str]:
    """Yield the error of each attempt; attempts with the same error share a sentence."""
    failed = [attempt for attempt in attempts if attempt.error]
    for error, same in groupby(failed, key=lambda attempt: attempt.error):
        first, *others = [attempt.number for attempt in same]
        numbers = f"Attempts {first} to {others[-1]}" if others else f"Attempt {first}"
        yield f"{numbers}: {error}"


def _history(history: Sequence[HistoryLine]) -> FittedTable:
    table = new_table(
        whole_column("Time"),
        whole_column("From", drop=3),
        whole_column("To"),
        whole_column("Attempt", drop=2),
        name_column("Actor", drop=1),
        text_column("Reason"),
    )
    for entry in history:
        table.add(
            Moment(entry.at),
            entry.source,
            status_cell(entry.target or ABSENT),
            str(entry.attempt or ABSENT),
            entry.actor,
            entry.reason,
        )
    return table


def _outputs(run: RunAnswer) -> Facts:
    shown = [(name, _output(value)) for name, value in run.outputs.items()]
    dropped = [
        (name, Text(f"not kept: {printable(compact(reason))}", style="yellow"))
        for name, reason in run.outputs_not_kept.items()
    ]
    return new_facts([*shown, *dropped])


def _output(value: JsonValue) -> Text:
    return Text("(sensitive)", style="dim") if value == REDACTED else cell(compact(value))


def _section(title: str, body: RenderableType) -> list[RenderableType]:
    return [Text(""), Text(title, style="bold"), body]
