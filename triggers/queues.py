"""Queues: delivering to webhooks, and what was given up."""

from __future__ import annotations

from datetime import UTC

import azure.durable_functions as df
import azure.functions as func

from polysync_core.bootstrap import DELIVERIES, services
from polysync_core.settings import STORAGE

blueprint = df.Blueprint()


@blueprint.function_name("deliver_webhook")
@blueprint.queue_trigger(arg_name="message", queue_name=DELIVERIES, connection=STORAGE)
def deliver_webhook(message: func.QueueMessage) -> None:
    """Deliver one event to one webhook, or put it off."""
    services().deliveries.deliver(_text(message))


@blueprint.function_name("record_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=f"{DELIVERIES}-poison", connection=STORAGE)
def record_poison(message: func.QueueMessage) -> None:
    """Keep a message that was given up."""
    at = message.insertion_time
    if at is not None and at.tzinfo is None:
        # Storage counts in UTC, whether the host says so or not.
        at = at.replace(tzinfo=UTC)
    services().poison.record(DELIVERIES, message.id or "", _text(message), at=at)


def _text(message: func.QueueMessage) -> str:
    """Return the message as text; what is not UTF-8 is shown by replacement characters."""
    return message.get_body().decode(errors="replace")
