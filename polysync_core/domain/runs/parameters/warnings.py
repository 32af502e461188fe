"""Warns about parameter values of a run that the platform artefact does not read."""

from __future__ import annotations

from collections.abc import Iterable

from polysync_core.domain.parameters import unread_parameters, unread_text
from polysync_core.domain.runs.run import SYSTEM_ACTOR, TaskRun, note


def with_warnings(run: TaskRun, given: Iterable[str]) -> TaskRun:
    """Return a new run with a note about each value that nothing reads."""
    for name in dict.fromkeys(unread_parameters(run.job, given)):
        run = note(run, _text(run, name), at=run.queued_at, actor=SYSTEM_ACTOR)
    return run


def warnings_of(run: TaskRun) -> list[str]:
    """Return the warnings that were noted when the run was accepted."""
    reasons = {entry.reason for entry in run.history}
    texts = [_text(run, each.name) for each in run.job.parameters if each.missing]
    return [text for text in texts if text in reasons]


def _text(run: TaskRun, name: str) -> str:
    return f"Warning: {unread_text(run.job, name)}."
