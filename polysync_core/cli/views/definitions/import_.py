"""Builds the terminal table of results of `polysync import` and `sync-parameters`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader, compact
from polysync_core.cli.layout.tables import lines, name_column, new_table, text_column, whole_column
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject

_STYLES = {
    "created": "green",
    "updated": "yellow",
    "unchanged": "dim",
    "failed": "red",
    "skipped": "yellow",
}


def import_view(items: Sequence[JsonObject]) -> list[RenderableType]:
    """Return the result of each artefact, and the notes that need attention."""
    table = new_table(
        whole_column("Result"),
        name_column("Job"),
        whole_column("Artefact"),
        text_column("Changes"),
    )
    notes: list[RenderableType] = []
    for item in items:
        reader = Reader("the import", item)
        result = reader.text("result") or "?"
        changes = reader.text("error") or "\n".join(schema_changes(reader.object("difference")))
        table.add(
            Text(printable(result), style=_STYLES.get(result, "")),
            reader.text("job"),
            reader.text("externalId"),
            changes,
        )
        notes += lines(_notes(reader, is_complete=item.get("complete") is not False))
    return [table, *notes]


def schema_changes(difference: JsonObject) -> Iterator[str]:
    """Yield the changes of a parameter schema, one per line."""
    reader = Reader("the difference", difference)
    for sign, name in (("+", "added"), ("-", "removed")):
        if names := reader.texts(name):
            yield " ".join(f"{sign}{each}" for each in names)
    for name in ("typeChanged", "defaultChanged"):
        for change in reader.objects(name):
            before, after = (compact(change.get(side)) for side in ("before", "after"))
            yield f"{compact(change.get('name'))}: {before} -> {after}"
    for change in reader.objects("missingChanged"):
        state = "missing in the artefact" if change.get("after") is True else "found again"
        yield f"{compact(change.get('name'))}: {state}"


def has_drift(items: Iterable[JsonObject]) -> bool:
    """Return whether a task no longer fits the artefact that its job runs."""
    return any(Reader("the import", item).objects("tasks") for item in items)


def _notes(reader: Reader, *, is_complete: bool) -> Iterator[str]:
    job = reader.text("job") or reader.text("externalId")
    for note in reader.texts("notes"):
        yield f"{job}: {note}"
    if not is_complete:
        yield (
            f"{job}: the artefact was not read completely: parameters that were not found stay,"
            " unless --remove is given"
        )
    for each in reader.objects("tasks"):
        task = Reader("the task", each)
        for problem in map(_problem, task.objects("problems")):
            yield (
                f"warning: {job}: task {task.text('task')} is no longer valid for the artefact "
                f"{reader.text('externalId')}: {problem}. Correct the task and apply it; until "
                "then the job keeps its old parameter, and the artefact does not read the value."
            )


def _problem(answer: JsonObject) -> str:
    reader = Reader("the problem", answer)
    return f"{reader.text('path')}: {reader.text('message')}".rstrip(".")
