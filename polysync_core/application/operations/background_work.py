"""Executes the app's background work: minute timer, nightly purge and queue messages.

Each host calls these steps from its own timers and queues.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.events.deliveries import abandoned_delivery
from polysync_core.application.events.webhook_delivery import WebhookDelivery
from polysync_core.application.lineage.delivery import LineageDelivery, is_lineage
from polysync_core.application.notifications.delivery import NotificationDelivery
from polysync_core.application.notifications.steps import is_notification
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.application.ports import Engine
from polysync_core.application.runs.run_requests import RunRequests, poison_request
from polysync_core.application.schedules.watch import ScheduleWatch
from polysync_core.telemetry.instruments import measuring_step

type Step = Callable[[Engine], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message as its queue holds it."""

    id: str
    content: bytes
    """The JSON of the message, plain or in base64."""
    inserted_at: datetime | None
    """The time at which the message was sent; None if the host does not know it."""

    @property
    def decoded(self) -> bytes:
        """The content, decoded if it is base64. A JSON object is never valid base64."""
        content = self.content.strip()
        try:
            return base64.b64decode(content, validate=True)
        except binascii.Error:
            return content

    @property
    def text(self) -> str:
        """The content as text; invalid UTF-8 becomes replacement characters."""
        return self.decoded.decode(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundWork:
    """The steps that the timers and the queues of a host call."""

    reconcile: Step
    fire_schedules: Step
    check_deadlines: Step
    check_batches: Step
    """Starts the runs of collected events."""
    execute_wait_limits: Step
    """Ends the waits for windows whose limit has passed."""
    watch_schedules: ScheduleWatch
    """Fires schedules, checks deadlines and starts batches of events at their second."""
    purge: Step
    """Deletes stored data that is older than the retention periods."""
    check_drift: Step
    """Compares the Jobs with their artefacts, if the settings say so."""
    webhook_delivery: WebhookDelivery
    notifications: NotificationDelivery
    lineage: LineageDelivery
    run_requests: RunRequests
    poison_messages: PoisonMessages
    deliveries_queue: str
    run_requests_queue: str

    def tick(self, engine: Engine) -> None:
        """Reconcile runs, fire schedules, check deadlines and batches, and end waits.

        Each step runs even if another one fails; the failures are raised at the end.
        """
        failures: list[Exception] = []
        steps = {
            "reconcile": self.reconcile,
            "schedules": self.fire_schedules,
            "deadlines": self.check_deadlines,
            "arrivals": self.check_batches,
            "gates": self.execute_wait_limits,
        }
        for name, step in steps.items():
            try:
                with measuring_step(name):
                    step(engine)
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise ExceptionGroup("Steps of the tick have failed.", failures)

    def watch_minute(self, engine: Engine) -> None:
        """Fire the schedules and check the deadlines until the next minute begins."""
        self.watch_schedules.until_next_minute(engine, time.sleep)

    def deliver_webhook(self, message: QueueMessage) -> None:
        """Deliver one event to one webhook or receiver, or schedule another attempt."""
        if is_notification(message.text):
            self.notifications.process(message.text)
        elif is_lineage(message.text):
            self.lineage.process(message.text)
        else:
            self.webhook_delivery.deliver(message.text)

    def record_abandoned_delivery(self, message: QueueMessage) -> None:
        """Record a delivery that was abandoned."""
        abandoned = abandoned_delivery(message.id, message.text)
        self.poison_messages.record(self.deliveries_queue, abandoned, at=message.inserted_at)

    def accept_run_request(self, message: QueueMessage, engine: Engine) -> None:
        """Start the run that a message requests, or move the message to the poison queue."""
        self.run_requests.accept(message.id, message.decoded, engine)

    def record_refused_request(self, message: QueueMessage) -> None:
        """Record a run request that was refused."""
        abandoned = poison_request(message.id, message.decoded)
        self.poison_messages.record(self.run_requests_queue, abandoned, at=message.inserted_at)
