"""Defines the interfaces (ports) that storage, engine and queues implement for the use cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from polysync_core.domain.deadlines.events import DeadlineEvent
from polysync_core.domain.deadlines.state import DeadlineState
from polysync_core.domain.deadlines.stored_deadlines import (
    DeadlineReport,
    DueDeadlines,
    StoredDeadlines,
)
from polysync_core.domain.dependencies.stored_gate import PendingDecision, StoredGate, WaitLimit
from polysync_core.domain.dependencies.tokens import ScheduledFire, Token
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingRun
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.events import RunEvent
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Page, RunHead, StoredRun
from polysync_core.domain.schedules.backfills import BackfillRecord
from polysync_core.domain.schedules.state import ScheduleState
from polysync_core.domain.schedules.stored_schedules import Due, Edit, IdleSchedule, StoredSchedule


class RunReader(Protocol):
    """Reads stored task runs; every call may raise `Unavailable`."""

    def get(self, run_id: RunId) -> StoredRun | None:
        """Return a run by one point read."""
        ...

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        """Return the runs of these ids that exist, in the order of the ids."""
        ...

    def ids_from(self, prefix: str, *, limit: int) -> Sequence[RunId]:
        """Return the first ids that begin with a prefix; `limit` bounds the cost."""
        ...

    def active_runs(self) -> Iterator[ActiveRun]:
        """Yield the active runs; the cost grows with their number."""
        ...

    def shards(self) -> Sequence[str]:
        """Return the Dispatcher shards that have had runs."""
        ...

    def page(self, listing: Listing) -> Page[TaskRun]:
        """Return runs, newest first; a page shorter than its limit may have a continuation."""
        ...

    def count(self, listing: Listing, *, limit: int) -> int:
        """Return the number of runs in a list, up to a limit."""
        ...

    def scheduled(
        self, task: str, born: int, *, since: datetime, until: datetime
    ) -> Sequence[ActiveRun]:
        """Return the entries of a Task's runs by scheduled time, newest first.

        `until` is exclusive. An entry without a status may lack its row, or be stale.
        """
        ...

    def earlier(self, task: str, born: int, *, before: datetime) -> Iterator[ActiveRun]:
        """Yield the entries of a Task's runs before a scheduled time, newest first.

        The cost depends on the number of entries that the caller takes.
        """
        ...

    def following(self, task: str, born: int, *, after: datetime) -> Iterator[ActiveRun]:
        """Yield the entries of runs with prerequisites after a scheduled time, oldest first."""
        ...

    def heads(self, tasks: Collection[str]) -> Mapping[str, RunHead]:
        """Return the newest run of each Task that has one; costs ranges, and no read per Task."""
        ...


class RunTable(RunReader, Protocol):
    """Writes task runs and their index; only `RunStore` may call it.

    Every call may raise `Unavailable`. The index entry is written before the row and removed after
    the outcome, so a crash between two writes leaves an active entry and never a lost run.
    """

    def index_active(self, run: TaskRun) -> None:
        """Write the index entries of a run, as active."""
        ...

    def index_late(self, run: TaskRun) -> None:
        """List a run among those that missed a deadline."""
        ...

    def insert(self, run: TaskRun) -> StoredRun | None:
        """Write a new row; return None if the run exists."""
        ...

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        """Replace a row, or raise `StaleETag` if it was changed since it was read."""
        ...

    def deactivate(self, run: TaskRun) -> None:
        """Index a run by its outcome, and remove its active entry."""
        ...

    def remove_from_index(self, entry: ActiveRun) -> None:
        """Remove the index entries of a run that was never written."""
        ...


class HoldStore(Protocol):
    """Stores holds; every call may raise `Unavailable`."""

    def all(self) -> Sequence[Hold]:
        """Return the newest version of every hold, by one range read."""
        ...

    def put(self, hold: Hold) -> Hold:
        """Store the next version of a hold; raises `StaleETag` after another write."""
        ...


class BackfillStore(Protocol):
    """Stores backfills; every call may raise `Unavailable`."""

    def get(self, backfill_id: str) -> BackfillRecord | None:
        """Return a backfill by one point read."""
        ...

    def put(self, record: BackfillRecord) -> None:
        """Store a backfill, or replace it."""
        ...

    def page(
        self, task: str | None, *, limit: int, token: str | None = None
    ) -> Page[BackfillRecord]:
        """Return the backfills of all Tasks or of one Task, newest first."""
        ...


class GateStore(Protocol):
    """Stored gates; every call may raise `Unavailable`."""

    def deliver(self, task: str, token: Token) -> None:
        """Add a token to the gate of a Task, unless it was ever added before."""
        ...

    def read(self, task: str) -> StoredGate:
        """Return the gate of a Task; a new gate is empty."""
        ...

    def save_decision(self, task: str, gate: StoredGate, pending: PendingDecision) -> StoredGate:
        """Store a decision if the gate is unchanged since the read, or raise `StaleETag`."""
        ...

    def complete_decision(self, task: str, gate: StoredGate) -> None:
        """Remove the tokens of the pending decision, then the decision.

        Raises `StaleETag` if another delivery completes the decision at the same time. Each of
        them then removes a part of the tokens.
        """
        ...


class WaitLimitStore(Protocol):
    """Stores the times at which gates are decided again; every call may raise `Unavailable`."""

    def put(self, limit: WaitLimit) -> None:
        """Store a wait limit; a repeated write changes nothing."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[WaitLimit]:
        """Return the first wait limits that have passed, by one range read."""
        ...

    def remove(self, limit: WaitLimit) -> None:
        """Remove a wait limit."""
        ...


class ScheduleStore(Protocol):
    """Stores the states of schedules, indexed by their next due time.

    Every call may raise `Unavailable`; a write may raise `Uncertain`. One transaction changes a
    state together with its index entry.
    """

    def get(self, task: str, schedule: str) -> StoredSchedule | None:
        """Return a state by one point read."""
        ...

    def of_task(self, task: str) -> Sequence[StoredSchedule]:
        """Return the states of a Task."""
        ...

    def of_tasks(self, tasks: Collection[str]) -> Sequence[StoredSchedule]:
        """Return the states of Tasks; many Tasks cost ranges, and no read per Task."""
        ...

    def next_due(self, *, after: datetime | None = None) -> Due | None:
        """Return the schedule that is due next, or next after a time, or None."""
        ...

    def put(self, state: ScheduleState, *, replacing: StoredSchedule | None) -> StoredSchedule:
        """Write a state over the one that it replaces, or a new one; may raise `StaleETag`."""
        ...

    def remove(self, stored: StoredSchedule) -> None:
        """Delete a state if it is unchanged since its read; otherwise raise `StaleETag`."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[Due | Edit]:
        """Return the schedules and edits to process now, the oldest first.

        The cost depends on their number. `limit` bounds the entries of each partition.
        """
        ...

    def upcoming(self, *, until: datetime) -> Iterator[Due]:
        """Yield the schedules that are due before a time, the next one first.

        The cost depends on the number of schedules that the caller takes.
        """
        ...

    def idle(self, *, limit: int) -> Sequence[IdleSchedule]:
        """Return the first schedules that will not fire in their present state.

        `limit` bounds the entries of each partition.
        """
        ...

    def record_edit(self, task: str) -> Edit:
        """Record that a Task is about to be edited."""
        ...

    def remove_edit(self, edit: Edit) -> None:
        """Remove the record of an edit whose schedules are synced."""
        ...


class DeadlineStore(Protocol):
    """Stores the deadlines of Tasks, indexed by their next check, and the missed deadlines.

    Every call may raise `Unavailable`; a write may raise `Uncertain`. One transaction changes a
    state together with its index entry.
    """

    def get(self, task: str) -> StoredDeadlines | None:
        """Return the state of a Task by one point read."""
        ...

    def put(self, state: DeadlineState, *, replacing: StoredDeadlines | None) -> StoredDeadlines:
        """Write a state over the one that it replaces, or a new one; may raise `StaleETag`."""
        ...

    def remove(self, stored: StoredDeadlines) -> None:
        """Delete a state if it is unchanged since its read; otherwise raise `StaleETag`."""
        ...

    def due(self, now: datetime, *, limit: int) -> Sequence[DueDeadlines]:
        """Return the Tasks whose deadlines are due, the oldest first.

        The cost depends on their number. `limit` bounds the entries of each partition.
        """
        ...

    def next_due(self, *, after: datetime) -> datetime | None:
        """Return the first due time after a time, or None."""
        ...

    def report(self, report: DeadlineReport) -> None:
        """Store a missed deadline, or its recovery; storing it twice has no further effect."""
        ...

    def reports(self, since: datetime, *, limit: int) -> Sequence[DeadlineReport]:
        """Return the deadlines that were missed since a time, newest first."""
        ...


class FireTimeGate(Protocol):
    """Receives the fire times of Tasks that also depend on other Tasks."""

    def deliver_fire_time(self, task: str, fire: ScheduledFire, engine: Engine) -> None:
        """Put a fire time into the gate of its Task; a repeated delivery changes nothing."""
        ...


class Engine(Protocol):
    """The durable engine; every call may raise `Unavailable`.

    A signal may arrive late, twice or never: the rows are the truth, and the reconciler repeats it.
    """

    def enqueue(self, shard: str, waiting: WaitingRun, policies: PolicySet) -> None:
        """Signal to a shard's Dispatcher that a run waits, with the run's limits."""
        ...

    def release(self, shard: str, run_id: RunId, attempt: int) -> None:
        """Signal to the Dispatcher that an attempt has ended or no longer waits."""
        ...

    def restore_lease(self, shard: str, lease: Lease) -> None:
        """Signal to the Dispatcher that an attempt is already running."""
        ...

    def update_policies(self, shard: str, policies: PolicySet) -> None:
        """Send newer policies to the Dispatcher, which then decides again."""
        ...

    def wake(self, run_id: RunId, attempt: int) -> None:
        """Make the orchestration of an attempt take its next step now."""
        ...

    def is_live(self, run_id: RunId, attempt: int) -> bool:
        """Return whether the attempt has a live orchestration."""
        ...

    def start_attempt(self, shard: str, lease: Lease) -> None:
        """Start the orchestration of a leased attempt unless it is live."""
        ...

    def notify_dependents(self, run_id: RunId) -> None:
        """Start to notify the dependents of an ended run, unless that is under way."""
        ...

    def forget_ended(self, created_from: datetime, created_to: datetime) -> int:
        """Delete the ended orchestrations that were created in a window; return their number."""
        ...

    def dispatcher(self, shard: str) -> DispatcherState:
        """Return the state of a shard's Dispatcher."""
        ...


class Queue(Protocol):
    """A queue to put messages into."""

    def send(self, text: str, *, delay_seconds: int = 0) -> None:
        """Put a message, to be seen after a delay; raises `Unavailable` or `TooLarge`."""
        ...


class Publisher(Protocol):
    """Publishes run events."""

    def publish(self, event: RunEvent) -> None:
        """Send an event at least once; raises if the event may not have arrived."""
        ...


class DeadlinePublisher(Protocol):
    """Publishes missed deadlines and their recoveries."""

    def publish_deadline(self, event: DeadlineEvent) -> None:
        """Send an event at least once; raises if the event may not have arrived."""
        ...


class PoisonStore(Protocol):
    """Stores poison messages; every call may raise `Unavailable`."""

    def put(self, message: PoisonMessage) -> None:
        """Store a message; storing it twice has no further effect."""
        ...

    def page(self, *, limit: int, token: str | None = None) -> Page[PoisonMessage]:
        """Return messages, newest first."""
        ...
