"""Serialises the current states of graph boxes and lines as JSON for live updates."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from polysync_core.application.dependencies.graph_view import Graph
from polysync_core.console.graph.boxes import Box, boxes_of
from polysync_core.console.graph.lines import line_state


def states_text(graph: Graph, now: datetime) -> str:
    """Return the states of all Tasks and dependencies as JSON on one line.

    Durations of active runs are left out: the browser counts them from `since`.
    """
    boxes = boxes_of(graph.nodes, now)
    content = {
        "tasks": {name: _state(box) for name, box in boxes.items()},
        "edges": [
            [edge.upstream, edge.downstream, line_state(edge, boxes).value] for edge in graph.edges
        ],
    }
    return json.dumps(content, separators=(",", ":"))


def states_tag(text: str) -> str:
    """Return the tag of states, which is equal for equal states."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_active(graph: Graph) -> bool:
    """Return whether a run of the graph is active, so states can change."""
    runs = (node.last_run for node in graph.nodes)
    return any(run is not None and not run.status.is_terminal for run in runs)


def _state(box: Box) -> list[str | None]:
    """Return class, word and length of a box, and the start of an active run."""
    since = box.running_since
    length = "" if since is not None else box.length
    return [box.css_class, box.word, length, None if since is None else since.isoformat()]
