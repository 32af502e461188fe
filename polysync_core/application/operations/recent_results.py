"""Records the results of connection tests, webhook deliveries and notification deliveries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.recent_results import (
    DeliveryAttempt,
    LastTest,
    RecentResults,
)
from polysync_core.domain.errors import PolysyncError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecorder:
    """Stores recent results, and logs what could not be stored."""

    store: RecentResults

    def test(self, reference: Reference, test: LastTest) -> None:
        """Remember the test of a stored definition."""
        _try(lambda: self.store.put_test(reference, test), str(reference))

    def delivery(self, webhook: str, delivery: DeliveryAttempt) -> None:
        """Remember an attempt to deliver an event."""
        _try(lambda: self.store.add_delivery(webhook, delivery), f"webhook '{webhook}'")

    def notification(self, receiver: str, delivery: DeliveryAttempt) -> None:
        """Remember an attempt to send a message to a receiver of notifications."""
        key = delivery_key(Kind.RECEIVER, receiver)
        _try(lambda: self.store.add_delivery(key, delivery), f"receiver '{receiver}'")


def delivery_key(kind: Kind, name: str) -> str:
    """Return the key of the deliveries to a webhook or a receiver."""
    return name if kind is Kind.WEBHOOK else f"{kind.value}:{name}"


def _try(store: Callable[[], None], subject: str) -> None:
    try:
        store()
    except PolysyncError as error:
        _log.warning(
            "A result could not be stored; the page of the definition does not show it.",
            extra={
                "action": "result_not_stored",
                "definition": subject,
                "error": type(error).__name__,
            },
        )
