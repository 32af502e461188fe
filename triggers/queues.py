"""Queues: asking for runs, delivering to webhooks, and what was given up.

The host hands every message over as it is (`messageEncoding` is `none`): one that is not base64
would otherwise vanish before anybody could say what is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from orchestrations.engine import DurableEngine
from polysync_core.application.events.deliveries import given_up_delivery
from polysync_core.application.runs.messages import poison_request
from polysync_core.composition import services
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, STORAGE
from polysync_core.telemetry.tracing import continued

blueprint = df.Blueprint()


@blueprint.function_name("deliver_webhook")
@blueprint.queue_trigger(arg_name="message", queue_name=DELIVERIES, connection=STORAGE)
def deliver_webhook(message: func.QueueMessage) -> None:
    """Deliver one event to one webhook, or put it off."""
    services().webhook_delivery.deliver(_text(message))


@blueprint.function_name("record_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=f"{DELIVERIES}-poison", connection=STORAGE)
def record_poison(message: func.QueueMessage) -> None:
    """Keep a delivery that was given up."""
    given_up = given_up_delivery(message.id or "", _text(message))
    services().poison_messages.record(DELIVERIES, given_up, at=_inserted_at(message))


@blueprint.function_name("accept_run_request")
@blueprint.queue_trigger(arg_name="message", queue_name=RUN_REQUESTS, connection=STORAGE)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def accept_run_request(message: func.QueueMessage, durable: str, context: func.Context) -> None:
    """Start the run that a message asks for, or give the message up."""
    # A function that is no coroutine does not have the host's trace around it.
    with continued(context.trace_context.trace_parent or ""):
        services().run_requests.accept(message.id or "", _content(message), DurableEngine(durable))


@blueprint.function_name("record_refused_request")
@blueprint.queue_trigger(
    arg_name="message", queue_name=f"{RUN_REQUESTS}-poison", connection=STORAGE
)
def record_refused_request(message: func.QueueMessage) -> None:
    """Keep a message that asked for a run and was given up."""
    given_up = poison_request(message.id or "", _content(message))
    services().poison_messages.record(RUN_REQUESTS, given_up, at=_inserted_at(message))


def _content(message: func.QueueMessage) -> bytes:
    """Return what base64 says, or the content itself: JSON objects are never base64 as well."""
    content = message.get_body().strip()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        return content


def _text(message: func.QueueMessage) -> str:
    """Return the message as text; what is not UTF-8 is shown by replacement characters."""
    return _content(message).decode(errors="replace")


def _inserted_at(message: func.QueueMessage) -> datetime | None:
    at = message.insertion_time
    # Storage counts in UTC, whether the host says so or not.
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
