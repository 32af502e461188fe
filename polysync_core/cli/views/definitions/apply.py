"""Builds the terminal list of the definition changes that `apply` plans or has made."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.plan import PlanAnswer, PlanChange, PlanEntry
from polysync_core.cli.layout.sentences import Sentence
from polysync_core.cli.terminal import printable

_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "unchanged": (" ", "dim"),
}
"""The sign and the style of each action."""


def plan_view(plan: PlanAnswer, *, dry_run: bool, verbose: bool) -> list[RenderableType]:
    """Return the changes that are planned, or that were applied.

    Definitions that do not change are counted; `verbose` lists them too.
    """
    shown = [entry for entry in plan.entries if verbose or entry.action != "unchanged"]
    parts = [Sentence(line) for entry in shown for line in _entry(entry)]
    summary = Text(f"{'Planned' if dry_run else 'Applied'}: {plan.summary() or 'nothing'}.")
    return [*parts, Sentence(summary)]


def _entry(entry: PlanEntry) -> Sequence[Text]:
    sign, style = _SIGNS.get(entry.action, ("?", ""))
    title = Text(printable(f"{sign} {entry.kind} {entry.name}"), style=style)
    return [title, *map(_change, entry.changes)]


def _change(change: PlanChange) -> Text:
    sign, style = _SIGNS[change.action]
    return Text(printable(f"    {sign} {change.text}"), style=style)
