"""Labels and colours of nodes, the same in every picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from polysync_core.cli.api.graph import GraphNode
from polysync_core.domain.runs.status import RunStatus

NO_RUN = "no run"


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a status."""

    strong: str
    """The colour of the border and of the dot."""
    faint: str
    """The colour of the background."""


_COLOURS: Mapping[str, Colours] = {
    RunStatus.QUEUED: Colours("#7c3aed", "#f5f3ff"),
    RunStatus.RUNNING: Colours("#0284c7", "#f0f9ff"),
    RunStatus.SUCCEEDED: Colours("#16a34a", "#f0fdf4"),
    RunStatus.FAILED: Colours("#dc2626", "#fef2f2"),
    RunStatus.CANCELLED: Colours("#d97706", "#fffbeb"),
    RunStatus.SKIPPED: Colours("#64748b", "#f8fafc"),
}
_UNKNOWN = Colours("#94a3b8", "#ffffff")


def colours_of(status: str | None) -> Colours:
    """Return the colours of a status; an unknown one is grey."""
    return _COLOURS.get(status or "", _UNKNOWN)


def short_time(moment: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return moment.strftime("%Y-%m-%d %H:%MZ")


def last_run(node: GraphNode) -> str:
    """Return the status and the end of a node's last run."""
    ended = f" {short_time(node.finished_at)}" if node.finished_at else ""
    return f"{node.status}{ended}" if node.status else NO_RUN


def next_fire(node: GraphNode) -> str:
    """Return the next fire time of a node, or that the task is disabled."""
    if not node.enabled:
        return "disabled"
    return f"next {short_time(node.next_fire_time)}" if node.next_fire_time else ""


def one_line(text: str) -> str:
    """Return text on one line, without characters that break a picture."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
