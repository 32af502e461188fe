"""Builds the terminal tables of skipped runs, missed fire times and other missed work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Column, FittedTable, Moment, Wrap
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject

type Rows = Sequence[Reader]


def missed_view(answer: JsonObject) -> list[RenderableType]:
    """Return a table of each kind of missed work; a kind without items is left out."""
    reader = Reader("the missed work", answer)
    kinds: Sequence[tuple[str, str, Callable[[Rows], FittedTable]]] = (
        ("skipped", "Skipped by an upstream:", _skipped),
        ("fireTimes", "Fire times without a run:", _fire_times),
        ("stopped", "Stopped schedules:", _stopped),
        ("dropped", "Ended at a limit:", _dropped),
        ("excluded", "Excluded by calendars:", _excluded),
        ("messages", "Poison messages:", _messages),
        ("deadlines", "Missed deadlines:", _deadlines),
    )
    parts: list[RenderableType] = []
    for member, title, table in kinds:
        section = Reader(member, reader.object(member))
        if rows := [Reader("an item", each) for each in section.objects("items")]:
            parts += [Text(title), table(rows)]
            if section.members.get("isComplete") is False:
                parts.append(Text("Older items are not shown; use a shorter period."))
    return parts or [Text("Nothing was missed.")]


def _skipped(groups: Rows) -> FittedTable:
    table = new_table(
        name_column("Root cause"),
        whole_column("Status"),
        whole_column("Run"),
        whole_column("Skipped", drop=1),
        whole_column("Recovered by", drop=2),
        Column("Tasks", wrap=Wrap.BELOW),
    )
    for group in groups:
        root = Reader("the root", group.object("root"))
        tasks = [str(each.get("task")) for each in group.objects("runs")]
        by_design = group.members.get("isByDesign") is True
        table.add(
            root.text("task"),
            status_cell(root.text("status") or ""),
            root.text("runId"),
            Moment(group.time("at")),
            group.text("recoveredBy"),
            ", ".join(tasks) + (" (by design)" if by_design else ""),
        )
    return table


def _fire_times(runs: Rows) -> FittedTable:
    table = new_table(
        name_column("Task"),
        name_column("Schedule"),
        whole_column("Fire time"),
        text_column("Reason"),
    )
    for run in runs:
        table.add(
            run.text("task"),
            run.text("schedule"),
            Moment(run.time("scheduledTime")),
            run.text("reason"),
        )
    return table


def _stopped(schedules: Rows) -> FittedTable:
    table = new_table(name_column("Task"), name_column("Schedule"), text_column("Cause"))
    for each in schedules:
        pause = Reader("the pause", each.object("pause"))
        reason = pause.text("reason")
        cause = each.text("cause") or ""
        text = f"{cause} by {pause.text('by')}: {reason}" if reason else cause
        table.add(each.text("task"), each.text("schedule"), Text(printable(text)))
    return table


def _dropped(runs: Rows) -> FittedTable:
    table = new_table(
        name_column("Task"), whole_column("Run"), whole_column("Accepted"), text_column("Error")
    )
    for run in runs:
        table.add(run.text("task"), run.text("runId"), Moment(run.time("at")), run.text("error"))
    return table


def _excluded(days: Rows) -> FittedTable:
    table = new_table(
        name_column("Task"),
        name_column("Schedule"),
        name_column("Calendar"),
        whole_column("Day"),
        whole_column("Fire times"),
    )
    for each in days:
        names = (each.text(name) for name in ("task", "schedule", "calendar", "day"))
        table.add(*names, str(each.number("count")))
    return table


def _deadlines(deadlines: Rows) -> FittedTable:
    table = new_table(
        name_column("Task"),
        whole_column("Kind"),
        whole_column("Deadline"),
        whole_column("Cause"),
        whole_column("Recovered", drop=1),
        text_column("Reason"),
    )
    for each in deadlines:
        table.add(
            each.text("task"),
            each.text("kind"),
            Moment(each.time("deadline")),
            each.text("cause"),
            Moment(each.time("recoveredAt")),
            each.text("reason"),
        )
    return table


def _messages(messages: Rows) -> FittedTable:
    table = new_table(whole_column("At"), whole_column("Queue"), text_column("Reason"))
    for message in messages:
        table.add(Moment(message.time("at")), message.text("queue"), message.text("reason"))
    return table
