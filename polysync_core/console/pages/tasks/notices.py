"""Holds the results of actions on Tasks, as the addresses name them."""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, str] = {
    "paused": "The schedules are paused.",
    "resumed": "The schedules continue from now.",
    "enabled": "The tasks are enabled.",
    "disabled": "The tasks are disabled.",
    "none-chosen": "No task was chosen.",
}
