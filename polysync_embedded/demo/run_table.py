"""Prints a table of the demo's runs, and a table of mapped parameter values."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from rich import box
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.layout.fitted_table import FittedTable
from polysync_core.cli.layout.formats import ABSENT, format_duration
from polysync_core.cli.layout.status_colours import status_cell
from polysync_core.cli.layout.tables import name_column, new_table, text_column
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.run import RunStatus


class RunTable:
    """Shows the run of each task in a table.

    On a terminal the table is live. Otherwise each change prints one line, and the table follows
    at the end.
    """

    def __init__(self, console: Console, platforms: Mapping[str, str]) -> None:
        """Create a table without runs; `platforms` has the platform of each task."""
        self._console = console
        self._platforms = platforms
        self._runs: dict[str, RunAnswer | None] = dict.fromkeys(platforms)
        self._first_seen: dict[str, float] = {}

    def __rich__(self) -> Table:
        # A live table is redrawn in place, so its lines must not be longer than the screen.
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in ("Task", "Platform", "Status", "Attempt", "Duration"):
            table.add_column(column, overflow="fold")
        # The addresses of cloud consoles are long. A terminal cuts the text but keeps the link.
        table.add_column("Monitor URL", overflow="ellipsis")
        for task, run in self._runs.items():
            cells = self._cells(task, run) if run else ["not started"]
            table.add_row(Text(task), Text(self._platforms[task]), *cells)
        return table

    def _cells(self, task: str, run: RunAnswer) -> list[Text | str]:
        attempt = run.last_attempt
        duration = run.duration or timedelta(seconds=time.monotonic() - self._first_seen[task])
        number, url = (str(attempt.number), attempt.monitor_url) if attempt else (ABSENT, None)
        return [status_cell(run.status), number, format_duration(duration), _link(url)]

    @property
    def runs(self) -> Mapping[str, RunAnswer]:
        """The existing runs by task."""
        return {task: run for task, run in self._runs.items() if run is not None}

    @property
    def is_complete(self) -> bool:
        """True if the run of every task has ended."""
        return all(run is not None and run.is_terminal for run in self._runs.values())

    @property
    def failures(self) -> list[RunAnswer]:
        """The failed and cancelled runs, without the skipped ones."""
        ended = [run for run in self.runs.values() if run.is_terminal]
        return [run for run in ended if not run.succeeded and run.status != RunStatus.SKIPPED]

    def update(self, run: RunAnswer) -> bool:
        """Show the state of a run; return whether the state has changed."""
        previous = self._runs.get(run.title)
        if previous is not None and previous.answer == run.answer:
            return False
        self._first_seen.setdefault(run.title, time.monotonic())
        self._runs[run.title] = run
        if not self._console.is_interactive and _progress(previous) != _progress(run):
            attempt = f" (attempt {len(run.attempts)})" if len(run.attempts) > 1 else ""
            self._console.print(f"{run.title}: {printable(run.status)}{attempt}")
        return True


def mapped_values(tasks: Sequence[Any], runs: Mapping[str, RunAnswer]) -> FittedTable:
    """Return a table of the outputs that mappings copied to dependent runs."""
    table = new_table(
        name_column("From"),
        name_column("Output"),
        text_column("Value"),
        name_column("To"),
        name_column("Input"),
    )
    for upstream, dependent, mapping in _mappings(tasks):
        outputs = runs[upstream].outputs if upstream in runs else {}
        output, parameter = mapping["output"], mapping["input"]
        value = compact(outputs[output]) if output in outputs else ABSENT
        table.add(upstream, output, value, dependent, parameter)
    return table


def _mappings(tasks: Sequence[Any]) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for task in tasks:
        for dependency in task.get("dependencies", []):
            for mapping in dependency.get("mappings", []):
                yield dependency["task"], task["name"], mapping


def platforms_of(document: JsonObject) -> Mapping[str, str]:
    """Return the platform of each task."""
    jobs = {job["name"]: job["platform"] for job in cast("list[Any]", document["jobs"])}
    return {task["name"]: jobs[task["job"]] for task in cast("list[Any]", document["tasks"])}


def _link(url: str | None) -> Text:
    return Text(printable(url), style=Style(link=url)) if url else Text(ABSENT)


def _progress(run: RunAnswer | None) -> tuple[str, int] | None:
    return None if run is None else (run.status, len(run.attempts))
