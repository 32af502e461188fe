"""What the demo shows of its runs: each one live, and the outputs that went along."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.statuses import status_cell
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import ABSENT, format_duration
from polysync_core.cli.views.tables import (
    new_table,
)
from polysync_core.domain.json_types import JsonObject

SKIPPED = "Skipped"


class Board:
    """The table of the tasks, live on a screen; elsewhere a line a change, and the table last."""

    def __init__(self, console: Console, platforms: Mapping[str, str]) -> None:
        """Begin with no runs; `platforms` names that of each task."""
        self._console = console
        self._platforms = platforms
        self._runs: dict[str, RunAnswer | None] = dict.fromkeys(platforms)
        self._since: dict[str, float] = {}

    def __rich__(self) -> Table:
        table = new_table("Task", "Platform", "Status", "Attempt", "Duration")
        # Those of the cloud consoles are long: on a screen they are cut, and links all the same.
        table.add_column("Monitor URL", overflow="ellipsis")
        for task, run in self._runs.items():
            cells = self._cells(task, run) if run else ["waiting"]
            table.add_row(Text(task), Text(self._platforms[task]), *cells)
        return table

    def _cells(self, task: str, run: RunAnswer) -> list[Text | str]:
        attempt = run.last_attempt
        duration = run.duration or timedelta(seconds=time.monotonic() - self._since[task])
        number, url = (str(attempt.number), attempt.monitor_url) if attempt else (ABSENT, None)
        return [status_cell(run.status), number, format_duration(duration), _link(url)]

    @property
    def runs(self) -> Mapping[str, RunAnswer]:
        """The runs that there are, by their tasks."""
        return {task: run for task, run in self._runs.items() if run is not None}

    @property
    def is_complete(self) -> bool:
        """Whether every task has run to its end."""
        return all(run is not None and run.is_terminal for run in self._runs.values())

    @property
    def failures(self) -> list[RunAnswer]:
        """The runs that did not succeed, those that only waited for others left out."""
        ended = [run for run in self.runs.values() if run.is_terminal]
        return [run for run in ended if not run.succeeded and run.status != SKIPPED]

    def show(self, run: RunAnswer) -> bool:
        """Take in the state of a run; tell whether it is new."""
        former = self._runs.get(run.title)
        if former is not None and former.answer == run.answer:
            return False
        self._since.setdefault(run.title, time.monotonic())
        self._runs[run.title] = run
        if not self._console.is_interactive and _stage(former) != _stage(run):
            attempt = f" (attempt {len(run.attempts)})" if len(run.attempts) > 1 else ""
            self._console.print(f"{run.title}: {printable(run.status)}{attempt}")
        return True


def handovers(tasks: Sequence[Any], runs: Mapping[str, RunAnswer]) -> Table:
    """Return the outputs that runs were given by those before them, as the mappings say."""
    table = new_table("From", "Output", "Value", "To", "Input")
    for upstream, downstream, mapping in _mappings(tasks):
        given = runs[upstream].outputs if upstream in runs else {}
        output, parameter = mapping["output"], mapping["input"]
        value = compact(given[output]) if output in given else ABSENT
        table.add_row(*map(Text, (upstream, output, printable(value), downstream, parameter)))
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


def _stage(run: RunAnswer | None) -> tuple[str, int] | None:
    return None if run is None else (run.status, len(run.attempts))
