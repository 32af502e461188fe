"""Encodes and decodes the deadline states and deadline reports of Tasks as stored JSON.

Every field is stored, also one with its default value. A new field needs a default.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.deadlines.state import DeadlineState
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport

_STATE = TypeAdapter(DeadlineState)
_REPORT = TypeAdapter(DeadlineReport)


def encode_deadlines(state: DeadlineState) -> str:
    """Return a state as JSON text."""
    return _STATE.dump_json(state).decode()


def decode_deadlines(text: str) -> DeadlineState:
    """Return the state that `encode_deadlines` wrote."""
    return _STATE.validate_json(text)


def encode_report(report: DeadlineReport) -> str:
    """Return a report as JSON text."""
    return _REPORT.dump_json(report).decode()


def decode_report(text: str) -> DeadlineReport:
    """Return the report that `encode_report` wrote."""
    return _REPORT.validate_json(text)
