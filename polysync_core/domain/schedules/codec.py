"""The state of a schedule as stored JSON.

What is stored outlives a deployment: fields may be added with a default, never renamed.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.schedules.state import ScheduleState

_STATE = TypeAdapter(ScheduleState)


def encode_schedule(state: ScheduleState) -> str:
    """Return a state as JSON text."""
    return _STATE.dump_json(state, exclude_defaults=True).decode()


def decode_schedule(text: str) -> ScheduleState:
    """Return the state that `encode_schedule` wrote."""
    return _STATE.validate_json(text)
