"""A task run as stored JSON.

What is stored outlives a deployment: fields may be added with a default, never renamed.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.runs.run import TaskRun

_RUN = TypeAdapter(TaskRun)


def encode_run(run: TaskRun) -> str:
    """Return a run as JSON text."""
    return _RUN.dump_json(run, exclude_defaults=True, by_alias=True).decode()


def decode_run(text: str | bytes) -> TaskRun:
    """Return the run that `encode_run` wrote."""
    return _RUN.validate_json(text)
