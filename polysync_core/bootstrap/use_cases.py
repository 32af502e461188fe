"""The use cases of one app, of the parts that they share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.application.definitions.documents import Documents
from polysync_core.application.definitions.editing import Definitions
from polysync_core.application.definitions.policies import PolicyUpdates
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.completion import DependentNotifier
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.dependencies.graph_view import Graphs
from polysync_core.application.events.poison_messages import PoisonMessages
from polysync_core.application.events.webhooks import WebhookDelivery
from polysync_core.application.operations.audit import Audit
from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.application.platforms.importing import Importing
from polysync_core.application.platforms.platform_runs import PlatformRuns
from polysync_core.application.runs.attempts import AttemptSteps
from polysync_core.application.runs.explaining import Explanations
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.application.runs.messages import RunRequests
from polysync_core.application.runs.queue_timeouts import QueueEnds
from polysync_core.application.runs.reconciling import Reconciler
from polysync_core.application.runs.retention import Retention
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.application.schedules.backfill import Backfill
from polysync_core.application.schedules.preview import FireTimePreview
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.bootstrap.definitions import open_definitions
from polysync_core.bootstrap.outside import (
    announcements,
    appkit_jobs,
    connectivity,
    open_outside,
    webhook_delivery,
)
from polysync_core.bootstrap.runs import execution, open_runs, retention
from polysync_core.bootstrap.schedules import (
    backfill,
    fire_time_preview,
    schedule_tick,
    schedules_of_tasks,
)
from polysync_core.bootstrap.storage import open_storage
from polysync_core.domain.clock import utc_now
from polysync_core.settings import RUN_REQUESTS, Settings

_DOCUMENTATION = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases of one app."""

    definitions: Definitions
    documents: Documents
    documentation: Documentation
    connectivity: ConnectionTests
    importing: Importing
    runs: TaskRuns
    schedules: ScheduleService
    backfill: Backfill
    schedule_tick: ScheduleTick
    job_runs: JobRuns
    appkit: AppKitJobs
    platform_runs: PlatformRuns
    run_requests: RunRequests
    execution: AttemptSteps
    queue_ends: QueueEnds
    completion: DependentNotifier
    gates: Gates
    neighbours: TaskGraphCache
    reconciler: Reconciler
    deliveries: WebhookDelivery
    poison: PoisonMessages
    explanations: Explanations
    fire_times: FireTimePreview
    graphs: Graphs
    policy_updates: PolicyUpdates
    retention: Retention
    audit: Audit


def build(settings: Settings) -> Services:
    """Put the use cases together; nothing is asked of storage or platforms yet."""
    stored = open_storage(settings)
    defined = open_definitions(settings, stored)
    outside = open_outside(settings, defined)
    running = open_runs(stored, defined, outside, announcements(settings, stored, defined))
    definitions, connections = defined.definitions, outside.connections
    runs, closing, task_runs = running.runs, running.closing, running.task_runs
    schedules = schedules_of_tasks(stored, defined)
    return Services(
        definitions=definitions,
        documents=Documents(defined.store, defined.rules),
        documentation=Documentation(folder=_DOCUMENTATION),
        connectivity=connectivity(settings, defined, outside),
        importing=Importing(definitions=definitions, connect=connections.to),
        runs=task_runs,
        schedules=schedules,
        backfill=backfill(stored, defined, running),
        schedule_tick=schedule_tick(stored, defined, outside, running),
        job_runs=JobRuns(acceptance=running.acceptance, task_runs=task_runs),
        appkit=appkit_jobs(settings, outside),
        platform_runs=PlatformRuns(job_named=definitions.job, connections=connections),
        run_requests=RunRequests(
            run_once=task_runs.run_once, given_up=stored.queues.queue(f"{RUN_REQUESTS}-poison")
        ),
        execution=execution(running, outside),
        queue_ends=QueueEnds(runs=runs, closing=closing, clock=utc_now),
        completion=running.completion,
        gates=running.gates,
        neighbours=running.neighbours,
        reconciler=Reconciler(runs=runs, closing=closing, policies=running.policies, clock=utc_now),
        deliveries=webhook_delivery(settings, stored, defined, outside),
        poison=PoisonMessages(store=stored.poison, clock=utc_now),
        explanations=Explanations(runs=runs, definitions=definitions, clock=utc_now),
        fire_times=fire_time_preview(stored, defined),
        graphs=Graphs(store=defined.store, runs=runs, next_fire=schedules.next_fire_time),
        policy_updates=PolicyUpdates(running.policies, runs.shards),
        retention=retention(settings, stored, running),
        audit=Audit(store=stored.audit, clock=utc_now, new_id=lambda: uuid4().hex),
    )
