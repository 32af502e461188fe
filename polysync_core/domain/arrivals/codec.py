"""Encodes and decodes received events and event batches as stored JSON.

Every field is stored, also one with its default value. A new field needs a default.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from polysync_core.domain.arrivals.batches import Batch
from polysync_core.domain.arrivals.outcomes import LoggedEvent
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent

_BATCH = TypeAdapter(Batch)
_EVENT = TypeAdapter(ReceivedEvent)
_LOGGED = TypeAdapter(LoggedEvent)


def encode_batch(batch: Batch) -> str:
    """Return a batch as JSON text."""
    return _BATCH.dump_json(batch).decode()


def decode_batch(text: str) -> Batch:
    """Return the batch that `encode_batch` wrote."""
    return _BATCH.validate_json(text)


def encode_logged(logged: LoggedEvent) -> str:
    """Return a received event with its outcomes as JSON text."""
    return _LOGGED.dump_json(logged).decode()


def decode_logged(text: str) -> LoggedEvent:
    """Return the event that `encode_logged` wrote."""
    return _LOGGED.validate_json(text)


def encode_event(received: ReceivedEvent) -> str:
    """Return a received event as JSON text."""
    return _EVENT.dump_json(received).decode()


def decode_event(text: str) -> ReceivedEvent:
    """Return the event that `encode_event` wrote."""
    return _EVENT.validate_json(text)
