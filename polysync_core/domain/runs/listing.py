"""Defines the filters of a list of runs, and decides which runs match."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.domain.runs.stored import ActiveRun, failure_cause


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter:
    """A tag that a run must have; without a value, any value matches."""

    name: str
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> TagFilter:
        """Return the filter of `name` or `name=value`."""
        name, has_value, value = text.partition("=")
        return cls(name=name.strip(), value=value.strip() if has_value else None)

    def matches(self, run: TaskRun) -> bool:
        """Return whether a run has the tag."""
        found = run.tags.get(self.name)
        return found is not None and self.value in {None, found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A filter of runs and a page of its result; None and empty match any value."""

    statuses: frozenset[RunStatus] = frozenset()
    task: str | None = None
    task_part: str | None = None
    """A part of the name of the Task."""
    job: str | None = None
    """Runs of this Job, also those without a Task; None means runs of Tasks only."""
    without_task: bool = False
    """Only the runs of the Job that have no Task."""
    platform: str | None = None
    trigger: TriggerType | None = None
    cause: FailureCause | None = None
    tag: TagFilter | None = None
    graph_run_id: RunId | None = None
    backfill_id: BackfillId | None = None
    late: bool = False
    """Only runs that missed a deadline."""
    since: datetime | None = None
    """The earliest time of acceptance."""
    until: datetime | None = None
    """The end of the times of acceptance, exclusive."""
    limit: int = 20
    continuation_token: str | None = None

    @property
    def possible_statuses(self) -> frozenset[RunStatus]:
        """The statuses of matching runs: only a failed run has a cause."""
        if self.cause is None:
            return self.statuses
        return frozenset({RunStatus.FAILED})

    @property
    def identity(self) -> tuple[str | None, ...]:
        """The texts that identify the list in a continuation token.

        The times are left out: a page continues at its position, and `since` may be relative.
        """
        tag = self.tag
        return (
            "runs",
            ",".join(sorted(self.statuses)) or None,
            self.task,
            self.task_part,
            self.job,
            "alone" if self.without_task else None,
            self.platform,
            self.trigger,
            self.cause,
            None if tag is None else tag.name,
            None if tag is None else tag.value,
            self.graph_run_id,
            self.backfill_id,
            "late" if self.late else None,
        )


def may_match(entry: ActiveRun, listing: Listing) -> bool:
    """Return whether the run of an index entry can match; its row decides the rest."""
    return (
        _is_of_kind(entry, listing)
        and listing.task in {None, entry.task}
        and (listing.task_part is None or listing.task_part in (entry.task or ""))
        and listing.platform in {None, entry.platform}
        and listing.trigger in {None, entry.trigger_type}
        and listing.backfill_id in {None, entry.backfill_id}
        and listing.graph_run_id in {None, entry.graph_run_id}
        and (entry.status is None or not listing.statuses or entry.status in listing.statuses)
        and (entry.cause is None or listing.cause in {None, entry.cause})
        and (listing.since is None or entry.queued_at >= listing.since)
        and (listing.until is None or entry.queued_at < listing.until)
    )


def matches(run: TaskRun, listing: Listing) -> bool:
    """Return whether a run matches all filters."""
    return (
        may_match(ActiveRun.of(run), listing)
        and (not listing.statuses or run.status in listing.statuses)
        and listing.cause in {None, failure_cause(run)}
        and (listing.tag is None or listing.tag.matches(run))
        and (not listing.late or bool(run.missed_deadlines))
    )


def _is_of_kind(entry: ActiveRun, listing: Listing) -> bool:
    if listing.job is None:
        return entry.task is not None
    return entry.job == listing.job and not (listing.without_task and entry.task is not None)
