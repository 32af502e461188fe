"""Defines texts that several console pages share: notices, role names and keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, str] = {
    "signed-out": "You have signed out.",
}
"""The results of actions that a redirect shows, by the code in its address.

Each page may add its own results with `page(..., notices=...)`.
"""

ROLE_NEEDED: Mapping[str, str] = {
    "Polysync.Reader": "Reader",
    "Polysync.Operator": "Operator",
    "Polysync.Administrator": "Administrator",
}
"""The names of the roles in sentences."""

KEYS: tuple[tuple[str, str], ...] = (
    ("/", "Jump to a Task, a Job, a run or a page"),
    ("g r", "Runs"),
    ("g m", "Did not happen"),
    ("g g", "Graph"),
    ("g t", "Tasks"),
    ("j k", "Next row, previous row"),
    ("Enter", "Open the row"),
    ("o", "Open the row on its platform"),
    ("w", "Show why the run waits"),
    ("x", "Choose the row"),
    ("c", "Copy the id of the row"),
    ("?", "Show these keys"),
)
"""The keys of the console and their effects."""
