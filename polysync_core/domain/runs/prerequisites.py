"""Defines the conditions that a queued run must meet before the Dispatcher receives it."""

from __future__ import annotations

from enum import StrEnum


class Prerequisite(StrEnum):
    """A condition that a queued run must meet before its Dispatcher receives it."""

    PAST = "Past"
    """The run of the fire time before has succeeded."""
    WINDOWS = "Windows"
    """The windows of its dependencies are complete; only a backfilled run awaits them so."""
