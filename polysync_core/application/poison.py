"""Keeping messages that were given up where a person finds them."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.ports import PoisonStore
from polysync_core.application.subscriptions import Delivery
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import Malformed
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.stored import Page

_LONGEST_PAYLOAD = 16_000
_LONGEST_REASON = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What a table might refuse, and no person would miss."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonMessages:
    """The use cases around messages that were given up."""

    store: PoisonStore
    clock: Clock

    def record(self, queue: str, message_id: str, text: str, *, at: datetime | None) -> None:
        """Keep a message and make it heard; a repetition with the same `at` changes nothing.

        Any text is taken, or there would be messages that nobody ever sees.
        """
        reason = _storable(_reason(text), _LONGEST_REASON)
        self.store.put(
            PoisonMessage(
                id=message_id,
                queue=queue,
                at=at or self.clock(),
                reason=reason,
                payload=_storable(text, _LONGEST_PAYLOAD),
            )
        )
        _log.error(
            "A message was given up; GET /api/poison-messages shows it.",
            extra={
                "action": "message_given_up",
                "queue": queue,
                "message_id": message_id,
                "reason": reason,
            },
        )

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        """Return messages, newest first."""
        return self.store.page(limit=limit, token=token)


def _reason(text: str) -> str:
    try:
        delivery = Delivery.parse(text)
    except Malformed as error:
        return str(error)
    return delivery.failure or "It could not be handled; the log of its function tells why."


def _storable(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return _CONTROL.sub("\ufffd", cut)
