"""What every picture says of a node, in the same words and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from polysync_core.cli.graph.answer import Node

NEVER = "no run"


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a status."""

    strong: str
    """Of its mark and its border."""
    faint: str
    """Of the ground under its text."""


_COLOURS: Mapping[str, Colours] = {
    "Queued": Colours("#7c3aed", "#f5f3ff"),
    "Running": Colours("#0284c7", "#f0f9ff"),
    "Succeeded": Colours("#16a34a", "#f0fdf4"),
    "Failed": Colours("#dc2626", "#fef2f2"),
    "Cancelled": Colours("#d97706", "#fffbeb"),
    "Skipped": Colours("#64748b", "#f8fafc"),
}
_NONE = Colours("#94a3b8", "#ffffff")


def colours_of(status: str | None) -> Colours:
    """Return the colours of a status, known or not."""
    return _COLOURS.get(status or "", _NONE)


def short_time(moment: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return moment.strftime("%Y-%m-%d %H:%MZ")


def last_run(node: Node) -> str:
    """Return how the last run of a node went, and when it ended."""
    ended = f" {short_time(node.finished_at)}" if node.finished_at else ""
    return f"{node.status}{ended}" if node.status else NEVER


def outlook(node: Node) -> str:
    """Return what is to come: the next fire time, or that there is none."""
    if not node.enabled:
        return "disabled"
    return f"next {short_time(node.next_fire_time)}" if node.next_fire_time else ""


def one_line(text: str) -> str:
    """Return text without anything that a picture or a format could trip over."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
