"""Defines the queue functions for run requests, webhook deliveries and poison messages.

`messageEncoding` is `none`, so the host passes every message unchanged. Otherwise the host would
drop a message that is not base64, and its error could not be reported.
"""

from __future__ import annotations

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from orchestrations.engine import DurableEngine
from polysync_core.application.operations.background_work import QueueMessage
from polysync_core.composition import background_work
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, STORAGE
from polysync_core.telemetry.tracing import continued

blueprint = df.Blueprint()


@blueprint.function_name("deliver_webhook")
@blueprint.queue_trigger(arg_name="message", queue_name=DELIVERIES, connection=STORAGE)
def deliver_webhook(message: func.QueueMessage) -> None:
    """Deliver one event to one webhook, or schedule another attempt."""
    background_work().deliver_webhook(_stored(message))


@blueprint.function_name("record_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=f"{DELIVERIES}-poison", connection=STORAGE)
def record_poison(message: func.QueueMessage) -> None:
    """Record a delivery that was abandoned."""
    background_work().record_abandoned_delivery(_stored(message))


@blueprint.function_name("accept_run_request")
@blueprint.queue_trigger(arg_name="message", queue_name=RUN_REQUESTS, connection=STORAGE)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def accept_run_request(message: func.QueueMessage, durable: str, context: func.Context) -> None:
    """Start the run that a message requests, or move the message to the poison queue."""
    # The host sets the trace context of coroutines only.
    with continued(context.trace_context.trace_parent or ""):
        background_work().accept_run_request(_stored(message), DurableEngine(durable))


@blueprint.function_name("record_refused_request")
@blueprint.queue_trigger(
    arg_name="message", queue_name=f"{RUN_REQUESTS}-poison", connection=STORAGE
)
def record_refused_request(message: func.QueueMessage) -> None:
    """Record a run request that was refused."""
    background_work().record_refused_request(_stored(message))


def _stored(message: func.QueueMessage) -> QueueMessage:
    return QueueMessage(
        id=message.id or "", content=message.get_body(), inserted_at=_inserted_at(message)
    )


def _inserted_at(message: func.QueueMessage) -> datetime | None:
    at = message.insertion_time
    # Storage uses UTC, even if the host omits the offset.
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
