"""Builds the terminal tables of differences between Jobs and artefacts (drift)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.tables import lines, name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.definitions.import_ import schema_changes
from polysync_core.domain.json_types import JsonObject

_STYLES = {"changed": "yellow", "gone": "red", "unknown": "yellow"}


def drift_view(platforms: Sequence[JsonObject]) -> list[RenderableType]:
    """Return tables of the Jobs that differ and of artefacts without a Job."""
    readers = [Reader("the drift", each) for each in platforms]
    jobs = [Reader("a job", each) for reader in readers for each in reader.objects("jobs")]
    parts = [*_jobs([each for each in jobs if each.text("state") != "equal"])]
    parts += lines(note for job in jobs for note in _notes(job))
    parts += _artefacts(readers)
    parts += lines(
        f"{reader.text('platform')}: {reason}"
        for reader in readers
        for reason in reader.texts("unlisted")
    )
    equal = sum(each.text("state") == "equal" for each in jobs)
    parts.append(Text(f"{equal} of {len(jobs)} jobs are equal to their artefacts."))
    return parts


def _jobs(jobs: Sequence[Reader]) -> Iterator[RenderableType]:
    if not jobs:
        return
    table = new_table(
        whole_column("State"), name_column("Job"), whole_column("Artefact"), text_column("Changes")
    )
    for job in jobs:
        state = job.text("state") or "?"
        changes = job.text("error") or "\n".join(schema_changes(job.object("difference")))
        table.add(
            Text(printable(state), style=_STYLES.get(state, "")),
            job.text("job"),
            job.text("externalId"),
            changes,
        )
    yield table


def _notes(job: Reader) -> Iterator[str]:
    name = job.text("job")
    if unseen := job.texts("unseen"):
        gone = ", ".join(unseen)
        yield f"{name}: perhaps gone, because the artefact was not read completely: {gone}"
    if unseen or job.text("state") != "equal":
        for note in job.texts("notes"):
            yield f"{name}: {note}"
    for each in job.objects("tasks"):
        task = Reader("a task", each)
        for problem in task.objects("problems"):
            reader = Reader("a problem", problem)
            path = f"{name}: task {task.text('task')}: {reader.text('path')}"
            yield f"{path}: {reader.text('message')}"


def _artefacts(platforms: Sequence[Reader]) -> Iterator[RenderableType]:
    rows = [
        (platform.text("platform"), Reader("an artefact", each))
        for platform in platforms
        for each in platform.objects("artefacts")
    ]
    if not rows:
        return
    yield Text("Artefacts without a job:")
    table = new_table(name_column("Platform"), whole_column("Type"), whole_column("Artefact"))
    for platform, artefact in rows:
        table.add(platform, artefact.text("jobType"), artefact.text("externalId"))
    yield table
