"""Defines the notice texts that the Task list shows after an action."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.console.parts.holds import HOLD_NOTICES

NOTICES: Mapping[str, str] = {
    "paused": "The schedules are paused.",
    "resumed": "The schedules continue from now.",
    "enabled": "The tasks are enabled.",
    "disabled": "The tasks are disabled.",
    **HOLD_NOTICES,
    "none-chosen": "No task was chosen.",
}
