"""Constructs objects that several use cases share, such as definition rules and schedule sync."""

from __future__ import annotations

from functools import cached_property, partial

from polysync_core.adapters import Ports
from polysync_core.application.arrivals.collecting import BatchCollector
from polysync_core.application.deadlines.syncing import DeadlineSync
from polysync_core.application.definitions.deleted import DeletedDefinitions
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.policies import Policies
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.events.publisher import EventPublisher, Subscriptions
from polysync_core.application.events.retries import DeliveryQueues, DeliveryRetryPolicy
from polysync_core.application.events.slots import DeliverySlots
from polysync_core.application.events.webhook_delivery import WebhookDelivery
from polysync_core.application.lineage.delivery import LineageDelivery
from polysync_core.application.notifications.collecting import NoticeCollector
from polysync_core.application.notifications.delivery import NotificationDelivery
from polysync_core.application.operations.audit import Audit
from polysync_core.application.operations.recent_results import ResultRecorder
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.runs.poll_planner import DurationHistory
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.definition_rules import definition_rules
from polysync_core.definition_types import type_catalogue
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.types.catalogue import TypeCatalogue
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.outbound.receivers.sender import MessageSender
from polysync_core.settings import DELIVERIES, Settings
from polysync_core.vaults.resolver import SecretResolver


class CommonServices:
    """The parts that several groups of use cases share."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self.ports = ports
        self.settings = settings

    @cached_property
    def rules(self) -> Rules:
        return definition_rules(
            development=self.settings.development,
            allow_loopback=self.settings.allow_loopback_platforms,
        )

    @cached_property
    def types(self) -> TypeCatalogue:
        return type_catalogue(development=self.settings.development)

    @cached_property
    def schedule_sync(self) -> ScheduleSync:
        ports = self.ports
        return ScheduleSync(
            definitions=ports.definitions,
            store=ports.schedules,
            deadlines=self.deadline_sync.sync,
            clock=ports.clock,
            deleted=self.deleted_definitions,
        )

    @cached_property
    def batch_collector(self) -> BatchCollector:
        return BatchCollector(store=self.ports.arrivals, clock=self.ports.clock)

    @cached_property
    def deadline_sync(self) -> DeadlineSync:
        ports = self.ports
        return DeadlineSync(definitions=ports.definitions, store=ports.deadlines, clock=ports.clock)

    @cached_property
    def deleted_definitions(self) -> DeletedDefinitions:
        return DeletedDefinitions(self.ports.definitions, self.ports.versions)

    @cached_property
    def definitions(self) -> DefinitionLookup:
        return DefinitionLookup(self.ports.definitions)

    @cached_property
    def policies(self) -> Policies:
        return Policies(
            self.ports.definitions.get, holds=self.ports.holds.all, monotonic=self.ports.monotonic
        )

    @cached_property
    def task_graph(self) -> TaskGraphCache:
        return TaskGraphCache(self.ports.definitions, monotonic=self.ports.monotonic)

    @cached_property
    def secrets(self) -> SecretResolver:
        return SecretResolver(
            self.definitions,
            development=self.settings.development,
            open_vault=self.ports.open_vault,
            monotonic=self.ports.monotonic,
        )

    @cached_property
    def connections(self) -> Connections:
        return self.connections_of(self.definitions)

    def connections_of(self, definitions: DefinitionReader) -> Connections:
        """Return the connections of the platforms of a reader."""
        connect = partial(self.ports.open_connector, secrets=self.secrets)
        return Connections(definitions, connect, monotonic=self.ports.monotonic)

    @cached_property
    def platform_texts(self) -> PlatformTexts:
        return PlatformTexts(self.connections, self.secrets.resolve)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        definitions = self.definitions
        return Subscriptions(
            definitions.webhooks, definitions.receivers, monotonic=self.ports.monotonic
        )

    @cached_property
    def publisher(self) -> EventPublisher:
        ports, name = self.ports, self.settings.run_events_queue
        return EventPublisher(
            events=None if name is None else ports.queue(name),
            deliveries=ports.queue(DELIVERIES),
            subscriptions=self.subscriptions,
            has_lineage=self.settings.lineage is not None,
        )

    @cached_property
    def durations(self) -> DurationHistory:
        return DurationHistory(self.ports.runs, monotonic=self.ports.monotonic)

    @cached_property
    def schedules(self) -> ScheduleService:
        return ScheduleService(
            definitions=self.definitions,
            store=self.ports.schedules,
            sync=self.schedule_sync,
            clock=self.ports.clock,
        )

    @cached_property
    def result_recorder(self) -> ResultRecorder:
        return ResultRecorder(store=self.ports.recent_results)

    @cached_property
    def webhook_delivery(self) -> WebhookDelivery:
        ports = self.ports
        return WebhookDelivery(
            definitions=self.definitions,
            secrets=self.secrets,
            post=ports.post,
            queues=self.delivery_queues,
            clock=ports.clock,
            record=self.result_recorder.delivery,
            slots=self.delivery_slots,
        )

    @cached_property
    def delivery_queues(self) -> DeliveryQueues:
        ports, settings = self.ports, self.settings
        return DeliveryQueues(
            delivery_queue=ports.queue(DELIVERIES),
            poison_queue=ports.queue(f"{DELIVERIES}-poison"),
            policy=DeliveryRetryPolicy(
                attempts=settings.webhook_attempts, first_delay=settings.webhook_first_delay
            ),
        )

    @cached_property
    def delivery_slots(self) -> DeliverySlots:
        return DeliverySlots(monotonic=self.ports.monotonic)

    @cached_property
    def lineage(self) -> LineageDelivery:
        target = self.settings.lineage
        return LineageDelivery(
            emit=None if target is None else self.ports.open_lineage(target, self.secrets),
            read_run=self.ports.runs.get,
            queues=self.delivery_queues,
            slots=self.delivery_slots,
        )

    @cached_property
    def message_sender(self) -> MessageSender:
        ports, settings = self.ports, self.settings
        return MessageSender(
            secrets=self.secrets,
            post=ports.post,
            send_smtp=ports.send_smtp,
            azure_token=ports.mail_token,
            clock=ports.clock,
            allow_loopback=settings.allow_loopback_platforms,
        )

    @cached_property
    def notifications(self) -> NotificationDelivery:
        ports = self.ports
        return NotificationDelivery(
            definitions=self.definitions,
            store=ports.notifications,
            collector=NoticeCollector(
                store=ports.notifications,
                read_run=ports.runs.get,
                queue=ports.queue(DELIVERIES),
                clock=ports.clock,
            ),
            send=self.message_sender.send,
            read_run=ports.runs.get,
            queues=self.delivery_queues,
            slots=self.delivery_slots,
            clock=ports.clock,
            record=self.result_recorder.notification,
            base_url=self.settings.public_url,
        )

    @cached_property
    def audit(self) -> Audit:
        return Audit(store=self.ports.audit, clock=self.ports.clock, new_id=self.ports.new_id)
