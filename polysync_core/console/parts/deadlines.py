"""Draws badges and sentences for the deadlines that a run missed."""

from __future__ import annotations

from collections.abc import Mapping

import htpy as h
from htpy import Element, Node

from polysync_core.console.parts.times import absolute_text
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.runs.run import TaskRun

KINDS: Mapping[DeadlineKind, str] = {
    DeadlineKind.LATE: "Late",
    DeadlineKind.MISSING: "Missing",
    DeadlineKind.SLOW: "Slow",
}
CAUSES: Mapping[MissCause, str] = {
    MissCause.NOT_CREATED: "No run",
    MissCause.SCHEDULE_PAUSED: "Schedule paused",
    MissCause.WAITING_FOR_UPSTREAM: "Waits for upstream",
    MissCause.HELD: "Held",
    MissCause.WAITING: "Waits",
    MissCause.RUNNING: "Running",
    MissCause.FAILED: "Failed",
    MissCause.CANCELLED: "Cancelled",
    MissCause.SKIPPED: "Skipped",
    MissCause.TOO_LATE: "Too late",
    MissCause.NOT_EXAMINED: "Not examined",
}
_SENTENCES: Mapping[DeadlineKind, str] = {
    DeadlineKind.LATE: "it had not succeeded by",
    DeadlineKind.MISSING: "it had not started by",
    DeadlineKind.SLOW: "its attempt took longer than normal from",
}


def deadline_badges(run: TaskRun) -> Node:
    """Return a badge for each kind of deadline that a run missed."""
    kinds = dict.fromkeys(each.kind for each in run.missed_deadlines)
    return [h.span(".badge.warning")[KINDS[kind]] for kind in kinds] or None


def deadline_sentences(run: TaskRun) -> list[Element]:
    """Return a sentence for each deadline that a run missed."""
    return [
        h.span[
            h.b(".warning")[KINDS[each.kind]],
            f": {_SENTENCES[each.kind]} {absolute_text(each.at)}.",
        ]
        for each in run.missed_deadlines
    ]
