"""Builds the terminal table of CLI contexts (named Polysync apps)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from polysync_core.cli.environments.context import Context
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column


def contexts_view(contexts: Sequence[Context], current: str | None) -> RenderableType:
    """Return the contexts, one per line; a star marks the current one."""
    table = new_table(
        whole_column(" "),
        name_column("Context"),
        name_column("URL"),
        whole_column("Sign-in", drop=1),
        whole_column("Target", drop=2),
        text_column("Variables", drop=3),
    )
    for each in contexts:
        table.add(
            "*" if each.name == current else " ",
            each.name,
            each.url,
            each.sign_in.value,
            each.target,
            ", ".join(each.variables),
        )
    return table
