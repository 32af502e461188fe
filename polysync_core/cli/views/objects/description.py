"""Builds the terminal view of one Job, Task or other object for `polysync describe`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.formats import format_time
from polysync_core.cli.layout.tables import lines, new_facts
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.runs.runs import runs_view
from polysync_core.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """An object with its document and the objects around it."""

    kind: str
    stored: JsonObject
    yaml: str
    referrers: Sequence[str] | None
    """The definitions that refer to the object; None if they are not known."""
    versions: JsonObject
    schedules: JsonObject | None = None
    """The states of the schedules of a task."""
    runs: Sequence[RunAnswer] = ()


def description_view(described: Description) -> list[RenderableType]:
    """Return the facts of an object, its references, its newest runs and its definition."""
    parts: list[RenderableType] = [new_facts(_facts(described))]
    if described.schedules is not None and described.schedules.get("items"):
        from polysync_core.cli.views.schedules.schedules import schedules_view

        parts += [Text("\nSchedules"), *schedules_view(described.schedules)]
    if described.runs:
        parts += [Text("\nNewest runs"), runs_view(described.runs)]
    return [*parts, Text("\nDefinition"), *lines(described.yaml.splitlines())]


def _facts(described: Description) -> list[tuple[str, Text | str]]:
    stored = Reader("the object", described.stored)
    current = Reader("the version", Reader("versions", described.versions).object("current"))
    kind = f"{described.kind[0].upper()}{described.kind[1:]}"
    facts: list[tuple[str, Text | str]] = [(kind, stored.text("name") or "?")]
    for title, field in (("Display name", "displayName"), ("Description", "description")):
        if text := stored.text(field):
            facts.append((title, text))
    if broken := stored.object("broken"):
        reason = Reader("the fault", broken).text("reason") or "?"
        facts.append(("Broken", Text(printable(reason), style="red")))
    by = f" by {current.text('savedBy')}" if current.text("savedBy") else ""
    facts.append(("Updated", f"{format_time(stored.time('updatedAt'))}{by}"))
    if current.members:
        facts.append(("Version", str(current.number("version"))))
    if described.referrers is not None:
        facts.append(("Used by", ", ".join(described.referrers) or "nothing"))
    return facts
