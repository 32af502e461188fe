"""Where everything is put together, once a process and not before it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from fastapi import FastAPI

from polysync_core.api.access import Door
from polysync_core.api.app import create_app
from polysync_core.api.audit import audit_routes
from polysync_core.api.backfill import backfill_routes
from polysync_core.api.callers import (
    Identify,
    by_key,
    from_app_service,
    nobody,
    whoever_is_on_this_machine,
)
from polysync_core.api.connectivity import connectivity_routes
from polysync_core.api.definitions import definition_routes
from polysync_core.api.documentation import documentation_routes
from polysync_core.api.documents import document_routes
from polysync_core.api.explanations import explanation_routes
from polysync_core.api.fire_times import fire_time_routes
from polysync_core.api.gates import gate_routes
from polysync_core.api.graph import graph_routes
from polysync_core.api.importing import importing_routes
from polysync_core.api.job_runs import job_run_routes
from polysync_core.api.platform_runs import platform_run_routes
from polysync_core.api.poison import poison_routes
from polysync_core.api.runs import run_routes
from polysync_core.api.schedules import schedule_routes
from polysync_core.application.acceptance import Acceptance
from polysync_core.application.announcing import Announcements
from polysync_core.application.audit import Audit
from polysync_core.application.closing import Closing
from polysync_core.application.completion import Completion
from polysync_core.application.connections import Connections
from polysync_core.application.connectivity import Connectivity
from polysync_core.application.definitions import Definitions
from polysync_core.application.documentation import Documentation
from polysync_core.application.documents import Documents
from polysync_core.application.durations import Durations
from polysync_core.application.endings import ACTOR
from polysync_core.application.execution import Execution
from polysync_core.application.explanation import Explanations
from polysync_core.application.fire_times import FireTimePreview
from polysync_core.application.gates import Gates
from polysync_core.application.graph import Graphs
from polysync_core.application.importing import Importing
from polysync_core.application.job_runs import JobRuns
from polysync_core.application.neighbours import Neighbours
from polysync_core.application.observing import ObservedRuns
from polysync_core.application.orders import Orders
from polysync_core.application.platform_runs import PlatformRuns
from polysync_core.application.poison import PoisonMessages
from polysync_core.application.policies import Policies, PolicyUpdates
from polysync_core.application.ports import Engine
from polysync_core.application.publishing import PublishingRuns
from polysync_core.application.queue_ends import QueueEnds
from polysync_core.application.reconciliation import Reconciler
from polysync_core.application.retention import Periods, Retention
from polysync_core.application.run_requests import RunRequests
from polysync_core.application.runs import TaskRuns
from polysync_core.application.schedules.backfill import Backfill
from polysync_core.application.schedules.firing import Firing
from polysync_core.application.schedules.pausing import Schedules
from polysync_core.application.schedules.syncing import ScheduledDefinitions, ScheduleSync
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.application.subscriptions import Subscriptions
from polysync_core.application.webhooks import Persistence, WebhookDelivery
from polysync_core.domain.clock import utc_now
from polysync_core.domain.definitions.catalogue import Reference
from polysync_core.domain.definitions.checks import Rules
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.lakeflow.jobs import LakeflowJobs
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.http import Wire
from polysync_core.platforms.receivers import Receivers, check_webhook
from polysync_core.platforms.registry import check_job, check_platform, open_connector
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, STORAGE, Settings
from polysync_core.storage.audit import TableAudit
from polysync_core.storage.connection import StorageConnection
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.gates import TableGates
from polysync_core.storage.old_runs import OldRuns
from polysync_core.storage.poison import TablePoison
from polysync_core.storage.queues import QueueStorage
from polysync_core.storage.runs import TableRuns
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.tables import TableStorage
from polysync_core.vaults.registry import check_vault, open_vault
from polysync_core.vaults.resolver import SecretResolver
from polysync_core.vaults.source import SecretSource

if TYPE_CHECKING:
    from polysync_core.lakeflow.workspaces import Workspaces

_DOCUMENTATION = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases of one app."""

    definitions: Definitions
    documents: Documents
    documentation: Documentation
    connectivity: Connectivity
    importing: Importing
    runs: TaskRuns
    schedules: Schedules
    backfill: Backfill
    schedule_tick: ScheduleTick
    job_runs: JobRuns
    lakeflow: LakeflowJobs
    platform_runs: PlatformRuns
    run_requests: RunRequests
    execution: Execution
    queue_ends: QueueEnds
    completion: Completion
    gates: Gates
    neighbours: Neighbours
    reconciler: Reconciler
    deliveries: WebhookDelivery
    poison: PoisonMessages
    explanations: Explanations
    fire_times: FireTimePreview
    graphs: Graphs
    policy_updates: PolicyUpdates
    retention: Retention
    audit: Audit


@cache
def settings() -> Settings:
    """Return the settings of this process, or raise `SettingError` naming the one that is wrong.

    The triggers read them when they are imported, so that a mistake fails the start of the app.
    """
    return Settings.read(os.environ)


@cache
def observe() -> None:
    """Send what can be told of this process, where its settings say; else nothing is loaded."""
    told = settings()
    if told.sends_telemetry:
        from polysync_core.telemetry.sending import send

        send(
            service_name=told.service_name,
            application_insights=told.application_insights,
            to_collector=bool(told.otlp_endpoint),
        )


@cache
def services() -> Services:
    """Return the use cases of this process."""
    return build(settings())


@cache
def api() -> FastAPI:
    """Return the API of this process."""
    return build_api(services(), identify_by(settings()))


def identify_by(settings: Settings) -> Identify:
    """Return how callers are known: by App Service, by being on this machine, or not at all.

    Where there are keys, whoever sends one is known by it.
    """
    if settings.development:
        identify = whoever_is_on_this_machine
    else:
        identify = from_app_service if settings.app_service_authentication else nobody
    keys = settings.access_keys
    return by_key(keys, otherwise=identify) if keys else identify


def build_api(services: Services, identify: Identify) -> FastAPI:
    """Return the API in front of some use cases."""

    def publish(changed: Iterable[Reference], engine: Engine | None) -> None:
        """Tell of definitions that were written."""
        changed = list(changed)
        services.neighbours.forget(changed)
        services.policy_updates.publish(changed, engine)

    return create_app(
        [
            # Before the definitions, whose routes would take `/test` for a name.
            connectivity_routes(services.connectivity),
            # Before them for the same reason.
            explanation_routes(services.explanations),
            fire_time_routes(services.fire_times),
            document_routes(services.documents, publish),
            documentation_routes(services.documentation),
            gate_routes(services.gates),
            schedule_routes(services.schedules),
            backfill_routes(services.backfill),
            job_run_routes(services.job_runs, services.lakeflow),
            platform_run_routes(services.platform_runs),
            definition_routes(services.definitions, publish),
            importing_routes(services.importing, publish),
            run_routes(services.runs),
            poison_routes(services.poison),
            graph_routes(services.graphs),
            audit_routes(services.audit),
        ],
        door=Door(identify=identify, audit=services.audit),
    )


def build(settings: Settings) -> Services:
    """Put the use cases together; nothing is asked of storage or platforms yet."""
    connection = StorageConnection.from_settings(settings.storage, name=STORAGE)
    storage, queues = TableStorage(connection), QueueStorage(connection)
    schedules, rules = TableSchedules(storage), _rules(settings)
    stored = TableDefinitions(storage)
    sync = ScheduleSync(definitions=stored, store=schedules, clock=utc_now)
    store = ScheduledDefinitions(stored, schedules, sync)
    definitions = Definitions(store, rules)
    announcements = Announcements(
        events=queues.queue(settings.run_events_queue),
        deliveries=queues.queue(DELIVERIES),
        subscriptions=Subscriptions(definitions.webhooks),
    )
    table_runs, table_gates = TableRuns(storage), TableGates(storage)
    table_audit, table_poison = TableAudit(storage), TablePoison(storage)
    runs = PublishingRuns(ObservedRuns(table_runs), announcements)
    premises = settings.premises
    secrets = SecretResolver(
        definitions.vault,
        development=settings.development,
        open_vault=partial(open_vault, premises=premises),
    )

    def connect(platform: Platform) -> Connector:
        loopback = settings.allow_loopback_platforms
        return open_connector(platform, secrets=secrets, allow_loopback=loopback, premises=premises)

    def connect_vault(vault: Vault) -> SecretSource:
        development = settings.development
        return open_vault(vault, development=development, secrets=secrets, premises=premises)

    @cache
    def workspaces() -> Workspaces:
        # Only who calls a workspace pays for what knows it.
        from polysync_core.lakeflow.workspaces import Workspaces

        return Workspaces(
            configuration=settings.lakeflow,
            platform_named=lambda name: premises.platform(connections.platform(name)),
            secrets=secrets,
            wire=Wire(private_hosts=premises.private_hosts),
        )

    policies = Policies(store.get)
    neighbours = Neighbours(store)
    closing = Closing(runs=runs, neighbours=neighbours)
    connections = Connections(definitions.platform, connect)
    acceptance = Acceptance(
        runs=runs,
        job_named=definitions.job,
        connections=connections,
        policies=policies,
        clock=utc_now,
    )
    gates = Gates(
        store=table_gates,
        runs=runs,
        task_named=definitions.task,
        neighbours=neighbours,
        acceptance=acceptance,
        clock=utc_now,
    )
    completion = Completion(runs=runs, closing=closing, gates=gates, acceptance=acceptance)
    task_runs = TaskRuns(
        runs=runs,
        task_named=definitions.task,
        acceptance=acceptance,
        closing=closing,
        clock=utc_now,
    )
    standings = Schedules(
        task_named=definitions.task,
        calendar_named=definitions.calendar,
        store=schedules,
        sync=sync,
        clock=utc_now,
    )
    firing = Firing(
        runs=runs,
        store=schedules,
        acceptance=acceptance,
        closing=closing,
        gate=completion,
        cancel=partial(task_runs.cancel, actor=ACTOR),
        clock=utc_now,
    )
    return Services(
        definitions=definitions,
        documents=Documents(store, rules),
        documentation=Documentation(folder=_DOCUMENTATION),
        connectivity=Connectivity(
            vault_named=definitions.vault,
            platform_named=definitions.platform,
            open_vault=connect_vault,
            open_connector=connect,
        ),
        importing=Importing(definitions=definitions, connect=connections.to),
        runs=task_runs,
        schedules=standings,
        backfill=Backfill(
            runs=runs,
            task_named=definitions.task,
            calendar_named=definitions.calendar,
            store=schedules,
            acceptance=acceptance,
            prepare=task_runs.with_parents,
            clock=utc_now,
        ),
        schedule_tick=ScheduleTick(
            definitions=stored,
            store=schedules,
            sync=sync,
            firing=firing,
            job_named=definitions.job,
            connections=connections,
            clock=utc_now,
        ),
        job_runs=JobRuns(acceptance=acceptance, task_runs=task_runs),
        lakeflow=LakeflowJobs(configuration=settings.lakeflow, workspaces=workspaces),
        platform_runs=PlatformRuns(job_named=definitions.job, connections=connections),
        run_requests=RunRequests(
            run_once=task_runs.run_once, given_up=queues.queue(f"{RUN_REQUESTS}-poison")
        ),
        execution=Execution(
            runs=runs,
            closing=closing,
            connections=connections,
            orders=Orders(resolve_secret=secrets.resolve),
            durations=Durations(runs),
            clock=utc_now,
        ),
        queue_ends=QueueEnds(runs=runs, closing=closing, clock=utc_now),
        completion=completion,
        gates=gates,
        neighbours=neighbours,
        reconciler=Reconciler(runs=runs, closing=closing, policies=policies, clock=utc_now),
        explanations=Explanations(runs=runs, definitions=definitions, clock=utc_now),
        fire_times=FireTimePreview(
            task_named=definitions.task,
            calendar_named=definitions.calendar,
            states_of=schedules.of_task,
            clock=utc_now,
        ),
        graphs=Graphs(store=store, runs=runs, next_fire=standings.next_fire_time),
        policy_updates=PolicyUpdates(policies, runs.shards),
        deliveries=WebhookDelivery(
            webhook_named=definitions.webhook,
            secrets=secrets,
            post=Receivers(allow_loopback=settings.allow_loopback_platforms).post,
            again=queues.queue(DELIVERIES),
            given_up=queues.queue(f"{DELIVERIES}-poison"),
            clock=utc_now,
            persistence=Persistence(
                attempts=settings.webhook_attempts, first_delay=settings.webhook_first_delay
            ),
        ),
        poison=PoisonMessages(store=table_poison, clock=utc_now),
        audit=Audit(store=table_audit, clock=utc_now, new_id=lambda: uuid4().hex),
        retention=Retention(
            runs=runs,
            forget_runs=OldRuns(storage, table_runs).forget,
            forget_outcomes=table_gates.forget_outcomes,
            forget_audit=table_audit.forget,
            forget_messages=table_poison.forget,
            periods=Periods(
                runs=timedelta(days=settings.run_retention_days),
                engine=timedelta(days=settings.engine_retention_days),
            ),
            clock=utc_now,
        ),
    )


def _rules(settings: Settings) -> Rules:
    loopback = settings.allow_loopback_platforms
    return Rules(
        development=settings.development,
        check_vault=lambda vault: check_vault(vault, development=settings.development),
        check_platform=lambda platform: check_platform(platform, allow_loopback=loopback),
        check_job=check_job,
        check_webhook=lambda webhook: check_webhook(webhook, allow_loopback=loopback),
    )
