"""Constructs the use case objects for definitions and platforms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, partial

from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.application.arrivals.edit_follow_up import BatchFollower
from polysync_core.application.definitions.consequences.calendars import CalendarConsequences
from polysync_core.application.definitions.consequences.consequences import Consequences
from polysync_core.application.definitions.consequences.limits import LimitConsequences
from polysync_core.application.definitions.consequences.tasks import TaskConsequences
from polysync_core.application.definitions.documents import Documents
from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.job_list import JobList
from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.application.definitions.policies import PolicyUpdates
from polysync_core.application.definitions.versions import DefinitionVersions
from polysync_core.application.definitions.writer import DefinitionWriter
from polysync_core.application.dependencies.graph_run_comparison import GraphRunComparisons
from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.application.platforms.drift import Drift
from polysync_core.application.platforms.drift_check import DriftCheck
from polysync_core.application.platforms.failure_details import FailureDetailsReader
from polysync_core.application.platforms.platform_runs import PlatformRuns
from polysync_core.application.platforms.recent_drift import RecentDrift
from polysync_core.application.schedules.calendar_uses import CalendarUses
from polysync_core.services.common import CommonServices


class DefinitionsServices(CommonServices):
    """The use cases that read and change definitions, and those that ask platforms."""

    @cached_property
    def definition_writer(self) -> DefinitionWriter:
        return DefinitionWriter(
            self.ports.definitions,
            schedules=BatchFollower(schedules=self.schedule_sync, wake=self.batch_collector.wake),
            caches=(self.task_graph, self.connections, self.subscriptions),
            policy_updates=PolicyUpdates(self.policies, self.ports.runs.shards),
        )

    @cached_property
    def definition_editing(self) -> DefinitionEditing:
        return DefinitionEditing(self.ports.definitions, self.definition_writer, self.rules)

    @cached_property
    def versions(self) -> DefinitionVersions:
        return DefinitionVersions(source=self.ports.definitions, versions=self.ports.versions)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self.ports.definitions, self.definition_writer, self.rules)

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
            send_test_message=self.notifications.send_test,
            reach_issuer=self._reach_issuer,
            texts=self.platform_texts,
            record=self.result_recorder.test,
            clock=self.ports.clock,
        )

    @property
    def _reach_issuer(self) -> Callable[[], str] | None:
        issuer = self.settings.token_issuer
        if issuer is None:
            return None
        return lambda: self.ports.open_issuer(issuer, self.settings).test(self.ports.clock)

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
    def drift_check(self) -> DriftCheck:
        return DriftCheck(
            is_enabled=self.settings.drift_check,
            jobs=self.definitions.jobs,
            drift=self.drift,
            editing=self.definition_editing,
            publisher=self.publisher,
            clock=self.ports.clock,
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

    @cached_property
    def limit_usage(self) -> LimitUsage:
        ports = self.ports
        return LimitUsage(store=ports.definitions, runs=ports.runs, clock=ports.clock)

    @cached_property
    def comparisons(self) -> GraphRunComparisons:
        return GraphRunComparisons(runs=self.ports.runs)

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
                holds=self.ports.holds.all,
                clock=clock,
            ),
            calendars=CalendarConsequences(store=store, clock=clock),
            limits=LimitConsequences(usage=self.limit_usage),
        )

    @cached_property
    def calendar_uses(self) -> CalendarUses:
        return CalendarUses(store=self.ports.definitions, clock=self.ports.clock)

    @cached_property
    def name_search(self) -> NameSearch:
        return NameSearch(self.ports.definitions, monotonic=self.ports.monotonic)
