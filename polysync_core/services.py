"""Builds each use case of one app once, with the objects that use cases share."""

from __future__ import annotations

from datetime import timedelta
from functools import cache, cached_property, partial

from polysync_core.adapters import Ports
from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.application.definitions.consequences.calendars import CalendarConsequences
from polysync_core.application.definitions.consequences.consequences import Consequences
from polysync_core.application.definitions.consequences.limits import LimitConsequences
from polysync_core.application.definitions.consequences.tasks import TaskConsequences
from polysync_core.application.definitions.documents import Documents
from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.job_list import JobList
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.application.definitions.policies import Policies, PolicyUpdates
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.definitions.task_list import TaskLists
from polysync_core.application.definitions.writer import DefinitionWriter
from polysync_core.application.dependencies.dependent_notifier import DependentNotifier
from polysync_core.application.dependencies.dependent_runs import DependentRuns
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.dependencies.graph_outline import GraphOutlines
from polysync_core.application.dependencies.graph_run_comparison import GraphRunComparisons
from polysync_core.application.dependencies.graph_view import TaskGraphs
from polysync_core.application.dependencies.large_graph_cache import LargeGraphCache
from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.application.events.publisher import EventPublisher, Subscriptions
from polysync_core.application.events.webhook_delivery import DeliveryRetryPolicy, WebhookDelivery
from polysync_core.application.missed.missed_work import MissedWorkList
from polysync_core.application.operations.audit import Audit
from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.drift import Drift
from polysync_core.application.platforms.failure_details import FailureDetailsReader
from polysync_core.application.platforms.platform_runs import PlatformRuns
from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.application.platforms.recent_drift import RecentDrift
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.attempts.attempt_steps import AttemptSteps
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.explaining import Explanations
from polysync_core.application.runs.finishing import ACTOR, AttemptRecorder, RunFinisher
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.application.runs.lists.failure_groups import FailureGroupReader
from polysync_core.application.runs.lists.overview import RunsOverview
from polysync_core.application.runs.lists.relatives import RelativesReader
from polysync_core.application.runs.polling import DurationHistory, PollPlanner
from polysync_core.application.runs.reconciling import Reconciler
from polysync_core.application.runs.retention import Periods, Retention
from polysync_core.application.runs.run_requests import RunRequests
from polysync_core.application.runs.store import RunStore
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.application.schedules.backfill import Backfill
from polysync_core.application.schedules.calendar_uses import CalendarUses
from polysync_core.application.schedules.firing import ScheduleProcessor
from polysync_core.application.schedules.preview import FireTimePreview
from polysync_core.application.schedules.schedule_preview import SchedulePreviews
from polysync_core.application.schedules.service import ScheduleService
from polysync_core.application.schedules.syncing import ScheduleSync
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.application.schedules.tight_limits import TightLimits
from polysync_core.application.schedules.upcoming import UpcomingFireTimes
from polysync_core.definition_rules import definition_rules
from polysync_core.definition_types import type_catalogue
from polysync_core.domain.definitions.types.catalogue import TypeCatalogue
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, Settings
from polysync_core.vaults.resolver import SecretResolver


class Services:
    """The use cases of one app and the parts that they share, each built once."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self.ports = ports
        self.settings = settings

    # Definitions

    @cached_property
    def rules(self) -> Rules:
        return definition_rules(self.settings)

    @cached_property
    def types(self) -> TypeCatalogue:
        return type_catalogue(self.settings)

    @cached_property
    def schedule_sync(self) -> ScheduleSync:
        ports = self.ports
        return ScheduleSync(definitions=ports.definitions, store=ports.schedules, clock=ports.clock)

    @cached_property
    def definitions(self) -> DefinitionLookup:
        return DefinitionLookup(self.ports.definitions)

    @cached_property
    def definition_writer(self) -> DefinitionWriter:
        return DefinitionWriter(
            self.ports.definitions,
            schedules=self.schedule_sync,
            caches=(self.task_graph, self.connections, self.subscriptions),
            policy_updates=PolicyUpdates(self.policies, self.ports.runs.shards),
        )

    @cached_property
    def definition_editing(self) -> DefinitionEditing:
        return DefinitionEditing(self.ports.definitions, self.definition_writer, self.rules)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self.ports.definitions, self.definition_writer, self.rules)

    @cached_property
    def policies(self) -> Policies:
        return Policies(self.ports.definitions.get, monotonic=self.ports.monotonic)

    @cached_property
    def task_graph(self) -> TaskGraphCache:
        return TaskGraphCache(self.ports.definitions, monotonic=self.ports.monotonic)

    # Vaults and platforms

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
        connect = partial(self.ports.open_connector, secrets=self.secrets)
        return Connections(self.definitions, connect, monotonic=self.ports.monotonic)

    @cached_property
    def platform_texts(self) -> PlatformTexts:
        return PlatformTexts(self.connections, self.secrets.resolve)

    @cached_property
    def connection_tests(self) -> ConnectionTests:
        development = self.settings.development
        return ConnectionTests(
            definitions=self.definitions,
            open_vault=partial(
                self.ports.open_vault, development=development, secrets=self.secrets
            ),
            open_connector=partial(self.ports.open_connector, secrets=self.secrets),
            send_test_event=self.webhook_delivery.send_test,
            texts=self.platform_texts,
        )

    @cached_property
    def artefact_import(self) -> ArtefactImport:
        return ArtefactImport(
            lookup=self.definitions,
            editing=self.definition_editing,
            connections=self.connections,
            monotonic=self.ports.monotonic,
        )

    @cached_property
    def drift(self) -> Drift:
        return Drift(
            lookup=self.definitions,
            editing=self.definition_editing,
            connections=self.connections,
            artefact_import=self.artefact_import,
            monotonic=self.ports.monotonic,
        )

    @cached_property
    def recent_drift(self) -> RecentDrift:
        return RecentDrift(self.drift, self.ports.clock)

    @cached_property
    def job_list(self) -> JobList:
        return JobList(source=self.ports.definitions, lookup=self.definitions)

    @cached_property
    def platform_runs(self) -> PlatformRuns:
        return PlatformRuns(
            definitions=self.definitions,
            connections=self.connections,
            texts=self.platform_texts,
        )

    @cached_property
    def failure_details(self) -> FailureDetailsReader:
        return FailureDetailsReader(
            runs=self.ports.runs,
            connections=self.connections,
            texts=self.platform_texts,
        )

    @cached_property
    def appkit_jobs(self) -> AppKitJobs:
        # Built on the first call: the client of workspaces is slow to import.
        workspaces = cache(
            partial(
                self.ports.open_workspaces,
                self.settings.appkit,
                self.connections.platform,
                self.secrets,
            )
        )
        return AppKitJobs(configuration=self.settings.appkit, workspaces=workspaces)

    # Runs

    @cached_property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.definitions.webhooks, monotonic=self.ports.monotonic)

    @cached_property
    def publisher(self) -> EventPublisher:
        ports, name = self.ports, self.settings.run_events_queue
        return EventPublisher(
            events=None if name is None else ports.queue(name),
            deliveries=ports.queue(DELIVERIES),
            subscriptions=self.subscriptions,
        )

    @cached_property
    def run_store(self) -> RunStore:
        return RunStore(self.ports.runs, self.publisher, monotonic=self.ports.monotonic)

    @cached_property
    def run_finisher(self) -> RunFinisher:
        return RunFinisher(store=self.run_store, task_graph=self.task_graph, clock=self.ports.clock)

    @cached_property
    def run_factory(self) -> RunFactory:
        return RunFactory(
            store=self.run_store,
            definitions=self.definitions,
            connections=self.connections,
            policies=self.policies,
            clock=self.ports.clock,
        )

    @cached_property
    def task_runs(self) -> TaskRuns:
        return TaskRuns(
            runs=self.ports.runs,
            store=self.run_store,
            definitions=self.definitions,
            factory=self.run_factory,
            finisher=self.run_finisher,
            clock=self.ports.clock,
        )

    @cached_property
    def job_runs(self) -> JobRuns:
        return JobRuns(runs=self.ports.runs, factory=self.run_factory, task_runs=self.task_runs)

    @cached_property
    def run_requests(self) -> RunRequests:
        poison = self.ports.queue(f"{RUN_REQUESTS}-poison")
        return RunRequests(run_once=self.task_runs.run_once, poison_queue=poison)

    @cached_property
    def attempt_steps(self) -> AttemptSteps:
        services = AttemptServices(
            store=self.run_store,
            recorder=self.attempt_recorder,
            connections=self.connections,
            planner=self.poll_planner,
            clock=self.ports.clock,
        )
        submissions = SubmissionBuilder(resolve_secret=self.secrets.resolve)
        return AttemptSteps(services=services, submissions=submissions)

    @cached_property
    def attempt_recorder(self) -> AttemptRecorder:
        return AttemptRecorder(
            store=self.run_store,
            finisher=self.run_finisher,
            clock=self.ports.clock,
            kept_details=self.failure_details.read_to_keep,
        )

    @cached_property
    def durations(self) -> DurationHistory:
        return DurationHistory(self.ports.runs, monotonic=self.ports.monotonic)

    @cached_property
    def poll_planner(self) -> PollPlanner:
        return PollPlanner(
            connections=self.connections,
            durations=self.durations,
            clock=self.ports.clock,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            runs=self.ports.runs,
            store=self.run_store,
            finisher=self.run_finisher,
            policies=self.policies,
            clock=self.ports.clock,
        )

    @cached_property
    def explanations(self) -> Explanations:
        return Explanations(runs=self.ports.runs, clock=self.ports.clock)

    @cached_property
    def limit_usage(self) -> LimitUsage:
        ports = self.ports
        return LimitUsage(store=ports.definitions, runs=ports.runs, clock=ports.clock)

    @cached_property
    def runs_overview(self) -> RunsOverview:
        return RunsOverview(
            runs=self.ports.runs,
            schedules=self.ports.schedules,
            explanations=self.explanations,
            durations=self.durations,
            clock=self.ports.clock,
        )

    @cached_property
    def run_relatives(self) -> RelativesReader:
        return RelativesReader(runs=self.ports.runs, definitions=self.definitions)

    @cached_property
    def failure_groups(self) -> FailureGroupReader:
        return FailureGroupReader(runs=self.ports.runs, clock=self.ports.clock)

    @cached_property
    def retention(self) -> Retention:
        ports, settings = self.ports, self.settings
        return Retention(
            runs=self.ports.runs,
            purge_runs=ports.purge_runs,
            purge_outcomes=ports.purge_outcomes,
            purge_audit=ports.purge_audit,
            purge_messages=ports.purge_messages,
            periods=Periods(
                runs=timedelta(days=settings.run_retention_days),
                engine=timedelta(days=settings.engine_retention_days),
            ),
            clock=ports.clock,
        )

    # Dependencies

    @cached_property
    def gates(self) -> Gates:
        return Gates(
            store=self.ports.gates,
            definitions=self.definitions,
            task_graph=self.task_graph,
            dependent_runs=DependentRuns(runs=self.ports.runs, factory=self.run_factory),
            clock=self.ports.clock,
        )

    @cached_property
    def dependent_notifier(self) -> DependentNotifier:
        return DependentNotifier(
            runs=self.ports.runs,
            store=self.run_store,
            finisher=self.run_finisher,
            gates=self.gates,
            factory=self.run_factory,
            clock=self.ports.clock,
        )

    @cached_property
    def graphs(self) -> TaskGraphs:
        return TaskGraphs(
            store=self.ports.definitions,
            runs=self.ports.runs,
            schedules=self.schedules.statuses_of,
            large=LargeGraphCache(self.ports.monotonic),
        )

    @cached_property
    def graph_outlines(self) -> GraphOutlines:
        ports = self.ports
        return GraphOutlines(ports.definitions, ports.runs, monotonic=ports.monotonic)

    @cached_property
    def comparisons(self) -> GraphRunComparisons:
        return GraphRunComparisons(runs=self.ports.runs)

    # Schedules

    @cached_property
    def schedules(self) -> ScheduleService:
        return ScheduleService(
            definitions=self.definitions,
            store=self.ports.schedules,
            sync=self.schedule_sync,
            clock=self.ports.clock,
        )

    @cached_property
    def fire_times(self) -> FireTimePreview:
        return FireTimePreview(
            definitions=self.definitions,
            states_of=self.ports.schedules.of_task,
            clock=self.ports.clock,
        )

    @cached_property
    def task_lists(self) -> TaskLists:
        return TaskLists(
            store=self.ports.definitions,
            runs=self.ports.runs,
            schedules=self.schedules.statuses,
        )

    @cached_property
    def consequences(self) -> Consequences:
        store, clock = self.ports.definitions, self.ports.clock
        return Consequences(
            store=store,
            tasks=TaskConsequences(
                store=store,
                runs=self.ports.runs,
                states_of=self.ports.schedules.of_task,
                task_graph=self.task_graph,
                clock=clock,
            ),
            calendars=CalendarConsequences(store=store, clock=clock),
            limits=LimitConsequences(usage=self.limit_usage),
        )

    @cached_property
    def calendar_uses(self) -> CalendarUses:
        return CalendarUses(store=self.ports.definitions, clock=self.ports.clock)

    @cached_property
    def schedule_previews(self) -> SchedulePreviews:
        return SchedulePreviews(definitions=self.definitions, clock=self.ports.clock)

    @cached_property
    def upcoming(self) -> UpcomingFireTimes:
        ports = self.ports
        return UpcomingFireTimes(
            definitions=ports.definitions,
            store=ports.schedules,
            runs=ports.runs,
            clock=ports.clock,
        )

    @cached_property
    def tight_limits(self) -> TightLimits:
        return TightLimits(definitions=self.ports.definitions)

    @cached_property
    def schedule_tick(self) -> ScheduleTick:
        processor = ScheduleProcessor(
            runs=self.ports.runs,
            store=self.ports.schedules,
            factory=self.run_factory,
            finisher=self.run_finisher,
            gate=self.dependent_notifier,
            cancel=partial(self.task_runs.cancel, actor=ACTOR),
            clock=self.ports.clock,
        )
        return ScheduleTick(
            definitions=self.definitions,
            store=self.ports.schedules,
            sync=self.schedule_sync,
            processor=processor,
            connections=self.connections,
            clock=self.ports.clock,
            monotonic=self.ports.monotonic,
        )

    @cached_property
    def backfill(self) -> Backfill:
        return Backfill(
            runs=self.ports.runs,
            definitions=self.definitions,
            store=self.ports.schedules,
            factory=self.run_factory,
            prepare=self.task_runs.with_parents,
            clock=self.ports.clock,
        )

    # Events and operations

    @cached_property
    def webhook_delivery(self) -> WebhookDelivery:
        ports, settings = self.ports, self.settings
        return WebhookDelivery(
            definitions=self.definitions,
            secrets=self.secrets,
            post=ports.post,
            delivery_queue=ports.queue(DELIVERIES),
            poison_queue=ports.queue(f"{DELIVERIES}-poison"),
            clock=ports.clock,
            retry_policy=DeliveryRetryPolicy(
                attempts=settings.webhook_attempts, first_delay=settings.webhook_first_delay
            ),
        )

    @cached_property
    def poison_messages(self) -> PoisonMessages:
        return PoisonMessages(store=self.ports.poison, clock=self.ports.clock)

    @cached_property
    def missed_work(self) -> MissedWorkList:
        ports = self.ports
        return MissedWorkList(
            runs=ports.runs,
            definitions=ports.definitions,
            schedules=ports.schedules,
            poison=ports.poison,
            clock=ports.clock,
        )

    @cached_property
    def audit(self) -> Audit:
        return Audit(store=self.ports.audit, clock=self.ports.clock, new_id=self.ports.new_id)

    @cached_property
    def name_search(self) -> NameSearch:
        return NameSearch(self.ports.definitions, monotonic=self.ports.monotonic)

    @cached_property
    def documentation(self) -> Documentation:
        return Documentation(folder=self.ports.documentation)
