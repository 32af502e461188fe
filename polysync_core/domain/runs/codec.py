"""Encodes and decodes runs as stored JSON.

Stored runs outlive a deployment: a new field needs a default, and no field is renamed. All values
are stored, defaults included, so a changed default never changes an accepted run. A field of a
newer release is ignored, so a release can read the runs of the next one after a roll-back.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.runs.run import TaskRun

_RUN = TypeAdapter(TaskRun)


def encode_run(run: TaskRun) -> str:
    """Return a run as JSON text."""
    return _RUN.dump_json(run, by_alias=True).decode()


def decode_run(text: str | bytes) -> TaskRun:
    """Return the run that `encode_run` wrote."""
    return _RUN.validate_json(text, extra="ignore")
