"""Shows the plan of `apply`: the changes to definitions."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.api.plan import PlanAnswer
from polysync_core.cli.views.tables import cell, new_table

_ACTION_STYLES = {"create": "green", "update": "yellow", "unchanged": "dim", "delete": "red"}


def plan_view(plan: PlanAnswer, *, dry_run: bool) -> list[RenderableType]:
    """Return the changes that are planned, or that were applied."""
    table = new_table("Action", "Kind", "Name", "Changes")
    for entry in plan.entries:
        style = _ACTION_STYLES.get(entry.action, "")
        changes = cell("\n".join(entry.changes)) if entry.changes else ""
        table.add_row(Text(entry.action, style=style), cell(entry.kind), cell(entry.name), changes)
    summary = Text(f"{'Planned' if dry_run else 'Applied'}: {plan.summary() or 'nothing'}.")
    return [table, summary] if plan.entries else [summary]
