"""Stores, logs and lists poison messages: queue messages that could not be processed."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.ports import PoisonStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.poison import PoisonMessage, ReceivedPoisonMessage
from polysync_core.domain.runs.stored import Page
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

_MAX_PAYLOAD = 16_000
_MAX_REASON = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that a table might refuse."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonMessages:
    """The use cases of poison messages."""

    store: PoisonStore
    clock: Clock

    def record(self, queue: str, abandoned: ReceivedPoisonMessage, *, at: datetime | None) -> None:
        """Store and log an abandoned message; a repetition with the same `at` changes nothing.

        The message may have any content. Long texts are cut.
        """
        reason = _storable(abandoned.reason, _MAX_REASON)
        self.store.put(
            PoisonMessage(
                id=abandoned.message_id,
                queue=queue,
                at=at or self.clock(),
                reason=reason,
                payload=_storable(abandoned.payload, _MAX_PAYLOAD),
            )
        )
        instruments().poison_messages.add(1, {names.QUEUE: queue})
        _log.error(
            "A message was recorded as a poison message; GET /api/poison-messages shows it.",
            extra={
                "action": "message_abandoned",
                "queue": queue,
                "message_id": abandoned.message_id,
                "reason": reason,
            },
        )

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        """Return messages, newest first."""
        return self.store.page(limit=limit, token=token)


def _storable(text: str, max_length: int) -> str:
    cut = text if len(text) <= max_length else text[: max_length - 1] + "…"
    return _CONTROL.sub("\ufffd", cut)
