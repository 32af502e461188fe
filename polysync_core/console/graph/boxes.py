"""Defines the boxes of the graph picture, each with a Task's newest run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.application.dependencies.graph_view import Node
from polysync_core.console.parts.times import duration_text
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.status import RunStatus

STATUS_WORDS: Mapping[RunStatus | None, str] = {
    None: "never ran",
    RunStatus.QUEUED: "waiting",
    RunStatus.RUNNING: "running",
    RunStatus.SUCCEEDED: "succeeded",
    RunStatus.FAILED: "failed",
    RunStatus.CANCELLED: "cancelled",
    RunStatus.SKIPPED: "skipped",
}
"""The words of the graph for the status of a Task's newest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A Task as a box of the picture."""

    task: str
    platform: str = ""
    status: RunStatus | None = None
    run_id: RunId | None = None
    length: str = "never ran"
    """The duration of the newest run in words, or its state."""
    running_since: datetime | None = None
    enabled: bool = True
    is_broken: bool = False
    """True if the stored definition breaks a rule of this version."""

    @property
    def css_class(self) -> str:
        """The class of the status in the style sheet."""
        return "none" if self.status is None else self.status.value.lower()

    @property
    def word(self) -> str:
        """The status in words, for screen readers."""
        marks = ("" if self.enabled else ", disabled") + (", broken" if self.is_broken else "")
        return STATUS_WORDS[self.status] + marks


def box_of(node: Node, now: datetime) -> Box:
    """Return the box of a node."""
    run = node.last_run
    box = Box(task=node.task, platform=node.platform or "", enabled=node.enabled)
    if node.broken is not None:
        box = replace(box, is_broken=True, length="broken definition")
    if run is None or box.is_broken:
        return box
    is_running = run.status is RunStatus.RUNNING
    return replace(
        box,
        status=run.status,
        run_id=run.run_id,
        length=_length(run.status, run.started_at, run.finished_at, now),
        running_since=run.started_at if is_running else None,
    )


def boxes_of(nodes: Iterable[Node], now: datetime) -> dict[str, Box]:
    """Return the boxes of nodes by Task."""
    return {node.task: box_of(node, now) for node in nodes}


def _length(
    status: RunStatus, started: datetime | None, finished: datetime | None, now: datetime
) -> str:
    if status is RunStatus.QUEUED:
        return "waits"
    if started is None or status is RunStatus.SKIPPED:
        return STATUS_WORDS[status]
    return duration_text((finished or now) - started)
