"""Builds the terminal table of Jobs, Tasks or other objects for `polysync get`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.reader import Reader, compact
from polysync_core.cli.layout.fitted_table import Cell, Column, Moment
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject

type _Cell = Callable[[Reader], Cell]


def list_view(path: str, items: Sequence[JsonObject]) -> RenderableType:
    """Return a table of objects, one per line."""
    if path == "backfills":
        from polysync_core.cli.views.schedules.backfills import backfills_view

        return backfills_view({"items": [*items]})[0]
    columns = _COLUMNS.get(path, _OTHER)
    table = new_table(*(column for column, _ in columns))
    for item in items:
        reader = Reader("the object", item)
        table.add(*(cell(reader) for _, cell in columns))
    return table


def _text(field: str) -> _Cell:
    return lambda reader: reader.text(field)


def _inner(group: str, *fields: str) -> _Cell:
    """Return the first present member of an inner object."""

    def cell(reader: Reader) -> Cell:
        values = reader.object(group)
        return next((compact(values[each]) for each in fields if values.get(each)), None)

    return cell


def _names(field: str) -> _Cell:
    return lambda reader: ", ".join(reader.texts(field))


def _state(reader: Reader) -> Cell:
    if reader.object("broken"):
        return Text("broken", style="red")
    if reader.object("paused"):
        return Text("paused", style="yellow")
    is_off = reader.members.get("enabled") is False
    return Text("disabled", style="dim") if is_off else Text("enabled")


def _starts_by(reader: Reader) -> Cell:
    crons = [Reader("a schedule", each).text("cron") for each in reader.objects("schedules")]
    upstream = [Reader("an edge", each).text("task") for each in reader.objects("dependencies")]
    after = [f"after {', '.join(each or '?' for each in upstream)}"] if upstream else []
    return "; ".join([*(each or "?" for each in crons), *after])


def _limit(reader: Reader) -> Cell:
    settings = Reader("the settings", reader.object("settings"))
    if slots := settings.number("maxConcurrentTasks"):
        return f"{slots} at once"
    return f"{settings.number('limit')} in {settings.text('windowSeconds')} s"


def _days(reader: Reader) -> Cell:
    dates, ranges = reader.members.get("dates"), reader.objects("ranges")
    return f"{len(dates) if isinstance(dates, list) else 0} dates, {len(ranges)} ranges"


def _updated(reader: Reader) -> Cell:
    return Moment(reader.time("updatedAt"))


_NAME = (name_column("Name"), _text("name"))
_UPDATED = (whole_column("Updated", drop=4), _updated)
_STATE = (whole_column("State"), _state)
_ADDRESSES = ("workspaceUrl", "vaultUrl", "endpoint", "functionAppName", "factoryName", "projectId")
_OTHER: Sequence[tuple[Column, _Cell]] = (_NAME, _UPDATED)
_COLUMNS: Mapping[str, Sequence[tuple[Column, _Cell]]] = {
    "tasks": (
        _NAME,
        (name_column("Job", drop=2), _text("job")),
        _STATE,
        (text_column("Starts by", drop=3), _starts_by),
        _UPDATED,
    ),
    "jobs": (
        _NAME,
        (name_column("Platform", drop=2), _text("platform")),
        (whole_column("Type", drop=1), _text("jobType")),
        (name_column("Artefact"), _text("externalId")),
        _UPDATED,
    ),
    "platforms": (
        _NAME,
        (whole_column("Type"), _text("type")),
        (whole_column("Sign-in", drop=2), _inner("auth", "method")),
        (name_column("Address", drop=3), _inner("attributes", *_ADDRESSES)),
        (text_column("Limits", drop=1), _names("contentionProfiles")),
        _UPDATED,
    ),
    "vaults": (
        _NAME,
        (whole_column("Provider"), _text("provider")),
        (name_column("Address", drop=3), _inner("attributes", *_ADDRESSES)),
        _UPDATED,
    ),
    "contention-profiles": (
        _NAME,
        (whole_column("Type", drop=1), _text("type")),
        (whole_column("Scope", drop=2), _text("scope")),
        (whole_column("Limit"), _limit),
        _STATE,
        _UPDATED,
    ),
    "calendars": (_NAME, (text_column("Excluded"), _days), _UPDATED),
    "receivers": (_NAME, (whole_column("Type"), _text("type")), _STATE, _UPDATED),
    "webhooks": (_NAME, (name_column("URL"), _text("url")), _STATE, _UPDATED),
    "schedules": (
        (name_column("Task"), _text("task")),
        (name_column("Schedule"), _text("name")),
        (whole_column("Cron"), _text("cron")),
        (whole_column("Time zone", drop=2), _text("timeZone")),
        _STATE,
        (whole_column("Next", drop=1), lambda reader: Moment(reader.time("nextFireTime"))),
    ),
}
"""The columns of each kind, with the content of their cells."""
