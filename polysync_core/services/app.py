"""Constructs all use cases of the app once, with shared caches and stores."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

from polysync_core.application.arrivals.batches import BatchCheck
from polysync_core.application.arrivals.overview import TaskArrivals
from polysync_core.application.deadlines.checking import DeadlineCheck
from polysync_core.application.deadlines.facts import DeadlineFacts
from polysync_core.application.deadlines.reporting import DeadlineReporter
from polysync_core.application.deadlines.status import TaskDeadlines
from polysync_core.application.definitions.task_list import TaskLists
from polysync_core.application.dispatch.holds import Holds
from polysync_core.application.missed.missed_work import MissedWorkList
from polysync_core.application.operations.documentation import Documentation
from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.application.runs.finishing import ACTOR
from polysync_core.application.schedules.backfill import Backfill
from polysync_core.application.schedules.backfill_runs import Backfills
from polysync_core.application.schedules.firing import ScheduleProcessor
from polysync_core.application.schedules.preview import FireTimePreview
from polysync_core.application.schedules.schedule_preview import SchedulePreviews
from polysync_core.application.schedules.tick import ScheduleTick
from polysync_core.application.schedules.tight_limits import TightLimits
from polysync_core.application.schedules.upcoming import UpcomingFireTimes
from polysync_core.application.schedules.watch import ScheduleWatch, Watched
from polysync_core.services.runs import RunsServices


class Services(RunsServices):
    """The use cases of one app and the parts that they share, each built once."""

    @cached_property
    def fire_times(self) -> FireTimePreview:
        return FireTimePreview(
            definitions=self.definitions,
            states_of=self.ports.schedules.of_task,
            arrival_notes=self.task_arrivals.notes,
            clock=self.ports.clock,
        )

    @cached_property
    def task_arrivals(self) -> TaskArrivals:
        return TaskArrivals(
            definitions=self.definitions, store=self.ports.arrivals, clock=self.ports.clock
        )

    @cached_property
    def task_lists(self) -> TaskLists:
        return TaskLists(
            store=self.ports.definitions,
            runs=self.ports.runs,
            schedules=self.schedules.statuses,
        )

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
    def schedule_watch(self) -> ScheduleWatch:
        tick, check, batches = self.schedule_tick, self.deadline_check, self.batch_check
        return ScheduleWatch(
            watched=(
                Watched(next_due=tick.next_due, step=tick.tick),
                Watched(next_due=check.next_due, step=check.check),
                Watched(next_due=batches.next_due, step=batches.check),
            ),
            clock=self.ports.clock,
        )

    @cached_property
    def batch_check(self) -> BatchCheck:
        ports = self.ports
        return BatchCheck(
            store=ports.arrivals,
            definitions=self.definitions,
            runs=ports.runs,
            starter=self.arrival_starter,
            clock=ports.clock,
        )

    @cached_property
    def task_deadlines(self) -> TaskDeadlines:
        return TaskDeadlines(
            definitions=self.definitions, store=self.ports.deadlines, clock=self.ports.clock
        )

    @cached_property
    def deadline_check(self) -> DeadlineCheck:
        ports = self.ports
        return DeadlineCheck(
            definitions=ports.definitions,
            store=ports.deadlines,
            sync=self.deadline_sync,
            facts=DeadlineFacts(
                runs=ports.runs,
                schedules=ports.schedules,
                holds=ports.holds,
                definitions=self.definitions,
            ),
            reporter=DeadlineReporter(
                store=ports.deadlines,
                runs=self.run_store,
                publisher=self.publisher,
                definitions=self.definitions,
            ),
            clock=ports.clock,
            monotonic=ports.monotonic,
        )

    @cached_property
    def schedule_tick(self) -> ScheduleTick:
        processor = ScheduleProcessor(
            runs=self.ports.runs,
            store=self.ports.schedules,
            factory=self.run_factory,
            finisher=self.run_finisher,
            gate=self.dependent_notifier,
            cancel=partial(self.task_runs.cancel, actor=ACTOR),
            replace=self.task_runs.skip_replaced,
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
            deleted=self.deleted_definitions,
            processor_of_deleted=replace(processor, factory=self._factory_of_deleted),
        )

    @cached_property
    def _factory_of_deleted(self) -> RunFactory:
        """Build the runs that record the last fire times of a deleted Task."""
        reader = self.deleted_definitions
        return replace(
            self.run_factory, definitions=reader, connections=self.connections_of(reader)
        )

    @cached_property
    def holds(self) -> Holds:
        return Holds(
            store=self.ports.holds,
            definitions=self.definitions,
            policies=self.policies,
            shards=self.ports.runs.shards,
            clock=self.ports.clock,
        )

    @cached_property
    def backfills(self) -> Backfills:
        return Backfills(
            store=self.ports.backfills,
            runs=self.ports.runs,
            cancel_run=self.task_runs.cancel,
            clock=self.ports.clock,
        )

    @cached_property
    def backfill(self) -> Backfill:
        return Backfill(
            runs=self.ports.runs,
            definitions=self.definitions,
            store=self.ports.schedules,
            records=self.ports.backfills,
            factory=self.run_factory,
            prepare=self.task_runs.with_parents,
            clock=self.ports.clock,
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
            deadlines=ports.deadlines,
            clock=ports.clock,
        )

    @cached_property
    def documentation(self) -> Documentation:
        return Documentation(folder=self.ports.documentation)
