"""Draws a run's status as a badge with icon, word and colour."""

from __future__ import annotations

from htpy import Element, span

from polysync_core.console.icons import status_icon
from polysync_core.domain.runs.status import RunStatus

_NEVER_RAN = "Never ran"


def status_badge(status: RunStatus | None) -> Element:
    """Return the status with its icon; None means a Task that never ran."""
    name = "none" if status is None else status.value.lower()
    text = _NEVER_RAN if status is None else status.value
    return span(class_=f"status {name}")[status_icon(status), span[text]]
