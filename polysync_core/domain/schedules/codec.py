"""Encodes and decodes the state of a schedule as stored JSON.

Every field is stored, also one with its default value: a changed default must not change stored
rows. A new field needs a default; a stored field is never renamed.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.schedules.state import ScheduleState

_STATE = TypeAdapter(ScheduleState)


def encode_schedule(state: ScheduleState) -> str:
    """Return a state as JSON text."""
    return _STATE.dump_json(state).decode()


def decode_schedule(text: str) -> ScheduleState:
    """Return the state that `encode_schedule` wrote."""
    return _STATE.validate_json(text)
