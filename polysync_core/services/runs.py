"""Constructs the use case objects for runs and dependencies."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from polysync_core.application.arrivals.receiving import EventIntake
from polysync_core.application.arrivals.starting import ArrivalStarter
from polysync_core.application.dependencies.dependent_notifier import DependentNotifier
from polysync_core.application.dependencies.dependent_runs import DependentRuns
from polysync_core.application.dependencies.gates import Gates
from polysync_core.application.dependencies.graph_outline import GraphOutlines
from polysync_core.application.dependencies.graph_view import TaskGraphs
from polysync_core.application.dependencies.large_graph_cache import LargeGraphCache
from polysync_core.application.dependencies.window_reader import WindowReader
from polysync_core.application.dependencies.window_values import WindowValues
from polysync_core.application.dispatch.shard_capacity import ShardCapacity
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.attempts.attempt_steps import AttemptSteps
from polysync_core.application.runs.attempts.services import AttemptServices
from polysync_core.application.runs.explaining import Explanations
from polysync_core.application.runs.finishing import AttemptRecorder, RunFinisher
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.application.runs.lists.failure_groups import FailureGroupReader
from polysync_core.application.runs.lists.overview import RunsOverview
from polysync_core.application.runs.lists.related_runs import RelativesReader
from polysync_core.application.runs.poll_planner import PollPlanner
from polysync_core.application.runs.prerequisites import Prerequisites
from polysync_core.application.runs.reconciling import Reconciler
from polysync_core.application.runs.retention import Periods, Retention
from polysync_core.application.runs.run_requests import RunRequests
from polysync_core.application.runs.store import RunStore
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.services.definitions import DefinitionsServices
from polysync_core.settings import RUN_REQUESTS


class RunsServices(DefinitionsServices):
    """The use cases of runs, attempts, gates and graphs."""

    @cached_property
    def run_store(self) -> RunStore:
        return RunStore(self.ports.runs, self.publisher, monotonic=self.ports.monotonic)

    @cached_property
    def run_finisher(self) -> RunFinisher:
        return RunFinisher(store=self.run_store, task_graph=self.task_graph, clock=self.ports.clock)

    @cached_property
    def shard_capacity(self) -> ShardCapacity:
        return ShardCapacity(monotonic=self.ports.monotonic)

    @cached_property
    def prerequisites(self) -> Prerequisites:
        return Prerequisites(
            runs=self.ports.runs,
            store=self.run_store,
            definitions=self.definitions,
            windows=self.window_values,
            clock=self.ports.clock,
        )

    @cached_property
    def run_factory(self) -> RunFactory:
        return RunFactory(
            store=self.run_store,
            definitions=self.definitions,
            connections=self.connections,
            policies=self.policies,
            capacity=self.shard_capacity,
            prerequisites=self.prerequisites,
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
            window_values=self.window_values,
            clock=self.ports.clock,
        )

    @cached_property
    def window_values(self) -> WindowValues:
        return WindowValues(
            reader=self.window_reader, definitions=self.definitions, clock=self.ports.clock
        )

    @cached_property
    def job_runs(self) -> JobRuns:
        return JobRuns(runs=self.ports.runs, factory=self.run_factory, task_runs=self.task_runs)

    @cached_property
    def arrival_starter(self) -> ArrivalStarter:
        return ArrivalStarter(
            factory=self.run_factory,
            finisher=self.run_finisher,
            prepare=self.task_runs.with_parents,
        )

    @cached_property
    def event_intake(self) -> EventIntake:
        return EventIntake(
            definitions=self.ports.definitions,
            runs=self.ports.runs,
            starter=self.arrival_starter,
            collector=self.batch_collector,
            store=self.ports.arrivals,
            clock=self.ports.clock,
        )

    @cached_property
    def run_requests(self) -> RunRequests:
        return RunRequests(
            run_once=self.task_runs.run_once,
            receive_events=self.event_intake.receive,
            queue=self.ports.queue(RUN_REQUESTS),
            poison_queue=self.ports.queue(f"{RUN_REQUESTS}-poison"),
        )

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
            prerequisites=self.prerequisites,
            clock=self.ports.clock,
        )

    @cached_property
    def explanations(self) -> Explanations:
        return Explanations(
            runs=self.ports.runs, prerequisites=self.prerequisites, clock=self.ports.clock
        )

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
            purge_versions=ports.purge_versions,
            purge_messages=ports.purge_messages,
            purge_results=ports.purge_results,
            purge_backfills=ports.purge_backfills,
            purge_notifications=ports.purge_notifications,
            purge_deadlines=ports.purge_deadlines,
            purge_arrivals=ports.purge_arrivals,
            periods=Periods(
                runs=timedelta(days=settings.run_retention_days),
                engine=timedelta(days=settings.engine_retention_days),
            ),
            clock=ports.clock,
        )

    @cached_property
    def window_reader(self) -> WindowReader:
        return WindowReader(
            runs=self.ports.runs, schedules=self.ports.schedules, definitions=self.definitions
        )

    @cached_property
    def gates(self) -> Gates:
        return Gates(
            store=self.ports.gates,
            wait_limits=self.ports.wait_limits,
            windows=self.window_reader,
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
