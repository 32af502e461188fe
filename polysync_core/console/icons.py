"""Draws the console's icons as SVG, with a different shape for each run status.

Each status has a shape of its own, so a reader can tell statuses apart without colours.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from polysync_core.domain.runs.status import RunStatus

_STATUS_SHAPES: Mapping[RunStatus, str] = {
    RunStatus.QUEUED: (
        '<circle class="line" cx="8" cy="8" r="6" stroke-dasharray="2.5 2.2"/>'
        '<path class="line" d="M8 5v3.2l2 1.4"/>'
    ),
    RunStatus.RUNNING: (
        '<circle class="track" cx="8" cy="8" r="6"/><path class="line" d="M8 2a6 6 0 0 1 6 6"/>'
    ),
    RunStatus.SUCCEEDED: (
        '<circle class="fill" cx="8" cy="8" r="7"/><path class="mark" d="m5 8.2 2.1 2.1L11 6"/>'
    ),
    RunStatus.FAILED: (
        '<path class="fill" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/>'
        '<path class="mark" d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>'
    ),
    RunStatus.CANCELLED: (
        '<rect class="fill" x="2" y="2" width="12" height="12" rx="2"/>'
        '<path class="mark" d="M5.5 5.5h5v5h-5z"/>'
    ),
    RunStatus.SKIPPED: (
        '<circle class="line" cx="8" cy="8" r="6"/><path class="line" d="M12 4 4 12"/>'
    ),
}
_NO_RUN = '<circle class="line" cx="8" cy="8" r="2.6"/>'

_PATHS: Mapping[str, str] = {
    "add": "M8 3v10M3 8h10",
    "artefact": "M8 2 14 5v6l-6 3-6-3V5zM2 5l6 3 6-3M8 8v6",
    "audit": "M3 2h10v12H3zM5.5 8l2 2 3.5-4",
    "back": "M10 3 5 8l5 5",
    "calendar": "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.2V5M10.5 2.2V5",
    "clock": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.6V8l2.3 1.5",
    "copy": "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
    "delete": "M3 4.5h10M6.5 4.5v-2h3v2M4.2 4.5l.6 9h6.4l.6-9",
    "document": "M4 2h5.5L13 5.2V14H4zM9.2 2v3.4H13",
    "external": "M6 3H3v10h10v-3M9 3h4v4M13 3 7 9",
    "fit": "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
    "graph": "M2.5 5.5h4v-3h-4zM9.5 13.5h4v-3h-4zM9.5 6.5h4v-3h-4zM6.5 4h1.7v8h1.3M8.2 5h1.3",
    "help": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M6 6.2a2 2 0 1 1 2.6 1.9c-.5.2-.6.5-.6 1M8 11.4v.2",
    "job": "M8 1.8 14 5v6l-6 3.2L2 11V5zM2 5l6 3.2L14 5M8 8.2v6",
    "limit": "M2.2 11.5a6 6 0 1 1 11.6 0M8 10.4l3-4",
    "minus": "M3 8h10",
    "mail": "M2 4h12v8.5H2zM2 4.5 8 9l6-4.5",
    "missed": "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M3.8 3.8l8.4 8.4",
    "more": "M3.4 8h.01M8 8h.01M12.6 8h.01",
    "pause": "M5.5 3.5v9M10.5 3.5v9",
    "platform": "M2.5 9.5a3 3 0 0 1 .6-5.9A4.2 4.2 0 0 1 11 4.4a3.2 3.2 0 0 1 .4 6.3M8 8v6",
    "rerun": "M13 8a5 5 0 1 1-1.6-3.7M13 1.8v3h-3",
    "run": "M4.5 2.8v10.4L13 8z",
    "runs": "M2 4h12M2 8h12M2 12h7",
    "search": "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.8 10.8 14 14",
    "split": "M2.5 2.5h11v11h-11zM8 2.5v11",
    "stacked": "M2.5 2.5h11v11h-11zM2.5 8h11",
    "stop": "M4 4h8v8H4z",
    "task": "M3 2.5h10v11H3zM5.5 6h5M5.5 8.5h5M5.5 11h3",
    "theme": "M8 2a6 6 0 1 0 6 6 4.6 4.6 0 0 1-6-6",
    "vault": "M4 7V5a4 4 0 0 1 8 0v2M3 7h10v7H3zM8 9.8v1.8",
    "warning": "M8 2 15 14H1zM8 6.4v3.4M8 11.7v.4",
    "webhook": "M4 11V7a4 4 0 0 1 8 0v4l1.2 1.2H2.8zM6.8 14h2.4",
}

_LOGO = (
    '<svg class="logo" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">'
    '<path d="M4 7.5 12 3l8 4.5v9L12 21l-8-4.5z"/><path d="M4 7.5 12 12l8-4.5M12 12v9"/></svg>'
)


def icon(name: str) -> Markup:
    """Return an icon, which screen readers leave out; raises KeyError for an unknown name."""
    return _svg(f'<path d="{_PATHS[name]}"/>', "icon")


def status_icon(status: RunStatus | None) -> Markup:
    """Return the shape of a status; None means a Task that never ran."""
    if status is None:
        return _svg(_NO_RUN, "status-icon none")
    return _svg(_STATUS_SHAPES[status], f"status-icon {status.value.lower()}")


def status_shape(status: RunStatus | None) -> str:
    """Return the inner SVG of a status in a square of 16 units, for drawings."""
    return _NO_RUN if status is None else _STATUS_SHAPES[status]


def logo() -> Markup:
    """Return the logo."""
    return Markup(_LOGO)


def _svg(inner: str, classes: str) -> Markup:
    return Markup(
        f'<svg class="{classes}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
        f"{inner}</svg>"
    )
