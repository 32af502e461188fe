"""Draws the warning for stored definitions that this version cannot read."""

from __future__ import annotations

import htpy as h
from htpy import Element

from polysync_core.console.parts.notices import notice
from polysync_core.domain.definitions.base import Definition


def broken_mark(definition: Definition) -> Element | None:
    """Return the mark of a broken definition in a list; None for any other."""
    reason = definition.row.broken
    return None if reason is None else h.small(".warn")[f"broken: {reason}"]


def broken_notice(definition: Definition | None) -> Element | None:
    """Return the notice above the editor of a broken definition."""
    reason = None if definition is None else definition.row.broken
    if reason is None:
        return None
    return notice(
        "warning",
        f"This version cannot read the stored definition: {reason}. Correct it and save it, or "
        "delete it. Until then it starts nothing.",
    )
