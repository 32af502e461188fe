"""Builds the text labels of Tasks in Mermaid and SVG graphs."""

from __future__ import annotations

from datetime import datetime

from polysync_core.cli.api.graph import GraphNode
from polysync_core.domain.display_text import is_deceptive

NO_RUN = "no run"


def short_time(moment: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return moment.strftime("%Y-%m-%d %H:%MZ")


def last_run(node: GraphNode) -> str:
    """Return the status and the end of a node's last run."""
    ended = f" {short_time(node.finished_at)}" if node.finished_at else ""
    return f"{node.status}{ended}" if node.status else NO_RUN


def next_fire(node: GraphNode) -> str:
    """Return the next fire time of a node, and its schedules that do not fire."""
    if node.is_broken:
        return "broken definition"
    if not node.enabled:
        return "disabled"
    upcoming = f"next {short_time(node.next_fire_time)}" if node.next_fire_time else ""
    return ", ".join(each for each in (upcoming, stopped_schedules(node)) if each)


def stopped_schedules(node: GraphNode) -> str:
    """Return the paused and the disabled schedules of a node in words."""
    counts = ((node.paused_schedules, "paused"), (node.disabled_schedules, "disabled"))
    if node.schedules == 1:
        return "".join(f"schedule {state}" for count, state in counts if count)
    stopped = [f"{count} {state}" for count, state in counts if count]
    return f"{' and '.join(stopped)} of {node.schedules} schedules" if stopped else ""


def one_line(text: str) -> str:
    """Return text on one line, without characters that break a picture."""
    return "".join(
        char if char.isprintable() and not is_deceptive(char) else "\ufffd" for char in text
    )
