"""How artefacts, their import and their runs on a platform look to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from polysync_core.cli.json import JsonObject, Reader, compact
from polysync_core.cli.terminal import readable
from polysync_core.cli.units import ABSENT, written_time
from polysync_core.cli.views import table_of

_STYLES = {"created": "green", "updated": "yellow", "unchanged": "dim", "failed": "red"}


def artefacts_view(items: Sequence[JsonObject]) -> Table:
    """Return what exists on a platform, one artefact a line."""
    table = table_of("Artefact", "Job type", "Name", "Jobs")
    for item in items:
        reader = Reader("the artefact", item)
        jobs = item.get("jobs")
        names = ", ".join(map(compact, jobs)) if isinstance(jobs, list) else ""
        cells = (reader.text("externalId"), reader.text("jobType"), reader.text("name"), names)
        table.add_row(*map(_text, cells))
    return table


def import_view(items: Sequence[JsonObject]) -> list[RenderableType]:
    """Return what has become of artefacts, and what people should look at."""
    table = table_of("Result", "Job", "Artefact", "Changes")
    remarks: list[RenderableType] = []
    for item in items:
        reader = Reader("the import", item)
        result = reader.text("result") or "?"
        changes = reader.text("error") or "\n".join(_changes(reader.object("difference")))
        table.add_row(
            Text(readable(result), style=_STYLES.get(result, "")),
            _text(reader.text("job")),
            _text(reader.text("externalId")),
            _text(changes),
        )
        remarks += [Text(readable(line)) for line in _remarks(reader)]
    return [table, *remarks]


def platform_runs_view(items: Sequence[JsonObject]) -> Table:
    """Return what a platform lists, one run a line."""
    table = table_of("External run", "Status", "In its words", "Started", "Finished", "Monitor URL")
    for item in items:
        reader = Reader("the run", item)
        table.add_row(
            *(
                _text(reader.text(name))
                for name in ("externalRunId", "providerStatus", "providerState")
            ),
            *(written_time(reader.time(name)) for name in ("startedAt", "finishedAt")),
            _text(reader.text("monitorUrl")),
        )
    return table


def _changes(difference: JsonObject) -> Iterator[str]:
    """Yield the changes of a schema, one a line."""
    for sign, name in (("+", "added"), ("-", "removed")):
        names = difference.get(name)
        if isinstance(names, list) and names:
            yield " ".join(f"{sign}{compact(each)}" for each in names)
    reader = Reader("the difference", difference)
    for name in ("typeChanged", "defaultChanged"):
        for change in reader.objects(name):
            before, after = (compact(change.get(side)) for side in ("before", "after"))
            yield f"{compact(change.get('name'))}: {before} -> {after}"


def _remarks(reader: Reader) -> Iterator[str]:
    job = reader.text("job") or reader.text("externalId")
    notes = reader.members.get("notes")
    for note in notes if isinstance(notes, list) else []:
        yield f"{job}: {compact(note)}"
    for misfit in reader.objects("tasks"):
        task = Reader("the task", misfit)
        for problem in task.objects("problems"):
            told = Reader("the problem", problem)
            path, message = told.text("path"), told.text("message")
            yield f"{job}: task {task.text('task')} no longer fits: {path} {message}"


def _text(value: str | None) -> Text:
    return Text(readable(value)) if value else Text(ABSENT)
