"""Parses the query parameters that filter a list of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.clock import time_or_age
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId
from polysync_core.domain.runs.listing import Listing, TagFilter
from polysync_core.domain.runs.run import RunStatus, TriggerType

_MAX_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilters:
    """The filters of a list of runs, as the caller wrote them."""

    status: tuple[RunStatus, ...] = ()
    task: str | None = None
    task_contains: str | None = None
    job: str | None = None
    platform: str | None = None
    trigger: TriggerType | None = None
    cause: FailureCause | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None
    graph_run_id: str | None = None
    backfill_id: str | None = None
    late: bool = False

    def listing(
        self, runs: TaskRuns, *, limit: int, continuation_token: str | None = None
    ) -> Listing:
        """Return the list; raises `Invalid` for a time, and `NotFound` for a graph run."""
        now = runs.clock()
        return Listing(
            statuses=frozenset(self.status),
            task=self.task,
            task_part=self.task_contains,
            job=self.job,
            platform=self.platform,
            trigger=self.trigger,
            cause=self.cause,
            tag=None if self.tag is None else TagFilter.parse(self.tag),
            since=_moment(self.since, now, "since"),
            until=_moment(self.until, now, "until"),
            graph_run_id=None if self.graph_run_id is None else runs.find(self.graph_run_id),
            backfill_id=None if self.backfill_id is None else BackfillId(self.backfill_id),
            late=self.late,
            limit=limit,
            continuation_token=continuation_token,
        )


def _moment(text: str | None, now: datetime, path: str) -> datetime | None:
    return None if text is None else time_or_age(text, now=now, path=path)


async def _filters(  # noqa: PLR0913 - one parameter for each filter
    status: Annotated[
        list[RunStatus] | None,
        Query(description="Only runs with this status; repeat the parameter for several."),
    ] = None,
    task: Annotated[str | None, Query(description="Only runs of this Task.")] = None,
    task_contains: Annotated[
        str | None,
        Query(
            alias="taskContains",
            min_length=1,
            max_length=63,
            description="Only runs of Tasks whose names contain this text.",
        ),
    ] = None,
    job: Annotated[
        str | None,
        Query(description="Only runs of this Job, also those without a Task."),
    ] = None,
    platform: Annotated[str | None, Query(description="Only runs on this Platform.")] = None,
    trigger: Annotated[
        TriggerType | None, Query(description="Only runs with this trigger.")
    ] = None,
    cause: Annotated[
        FailureCause | None, Query(description="Only failed runs with this cause.")
    ] = None,
    tag: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=_MAX_TEXT,
            description="Only runs with this tag, as `name` or `name=value`.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        Query(
            max_length=40,
            description="Only runs accepted since this time or within this age, such as `24h`.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        Query(max_length=40, description="Only runs accepted before this time, or this age ago."),
    ] = None,
    graph_run_id: Annotated[
        str | None, Query(alias="graphRunId", description="Only runs of this graph run.")
    ] = None,
    backfill_id: Annotated[
        str | None,
        Query(alias="backfillId", max_length=100, description="Only runs of this backfill."),
    ] = None,
    late: Annotated[
        bool, Query(description="True: only runs that were late, missing or slow.")
    ] = False,
) -> RunFilters:
    return RunFilters(
        status=tuple(status or ()),
        task=task,
        task_contains=task_contains,
        job=job,
        platform=platform,
        trigger=trigger,
        cause=cause,
        tag=tag,
        since=since,
        until=until,
        graph_run_id=graph_run_id,
        backfill_id=backfill_id,
        late=late,
    )


CurrentRunFilters = Annotated[RunFilters, Depends(_filters)]
