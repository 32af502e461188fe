"""Keeping messages that were given up where a person finds them."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.ports import PoisonStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.poison import GivenUp, PoisonMessage
from polysync_core.domain.runs.stored import Page
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import instruments

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

    def record(self, queue: str, given_up: GivenUp, *, at: datetime | None) -> None:
        """Keep a message and make it heard; a repetition with the same `at` changes nothing.

        Any text is taken, or there would be messages that nobody ever sees.
        """
        reason = _storable(given_up.reason, _LONGEST_REASON)
        self.store.put(
            PoisonMessage(
                id=given_up.message_id,
                queue=queue,
                at=at or self.clock(),
                reason=reason,
                payload=_storable(given_up.payload, _LONGEST_PAYLOAD),
            )
        )
        instruments().poison_messages.add(1, {names.QUEUE: queue})
        _log.error(
            "A message was given up; GET /api/poison-messages shows it.",
            extra={
                "action": "message_abandoned",
                "queue": queue,
                "message_id": given_up.message_id,
                "reason": reason,
            },
        )

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        """Return messages, newest first."""
        return self.store.page(limit=limit, token=token)


def _storable(text: str, longest: int) -> str:
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return _CONTROL.sub("\ufffd", cut)
