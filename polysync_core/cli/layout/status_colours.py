"""Defines the colours of run statuses in the terminal and in SVG and Mermaid graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from polysync_core.cli.terminal import printable
from polysync_core.domain.runs.status import RunStatus


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a status in a picture."""

    strong: str
    """The colour of the border and of the dot."""
    faint: str
    """The colour of the background."""


STYLES: Mapping[str, str] = {
    RunStatus.QUEUED: "",
    RunStatus.RUNNING: "cyan",
    RunStatus.SUCCEEDED: "green",
    RunStatus.FAILED: "red",
    RunStatus.CANCELLED: "yellow",
    RunStatus.SKIPPED: "dim",
}
"""The terminal style of each status."""

COLOURS: Mapping[str, Colours] = {
    RunStatus.QUEUED: Colours("#7c3aed", "#f5f3ff"),
    RunStatus.RUNNING: Colours("#0284c7", "#f0f9ff"),
    RunStatus.SUCCEEDED: Colours("#16a34a", "#f0fdf4"),
    RunStatus.FAILED: Colours("#dc2626", "#fef2f2"),
    RunStatus.CANCELLED: Colours("#d97706", "#fffbeb"),
    RunStatus.SKIPPED: Colours("#64748b", "#f8fafc"),
}
"""The colours of each status in a picture."""

_UNKNOWN = Colours("#94a3b8", "#ffffff")


def status_cell(status: str) -> Text:
    """Return a status in its colour."""
    return Text(printable(status), style=STYLES.get(status, ""))


def colours_of(status: str | None) -> Colours:
    """Return the colours of a status; an unknown one is grey."""
    return COLOURS.get(status or "", _UNKNOWN)
