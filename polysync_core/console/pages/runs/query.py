"""Parses the filters and the continuation token from the URL of the run list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from polysync_core.api.runs.filters import RunFilters
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.paths import page_path
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TriggerType

PAGE_SIZE = 50
ACTIVE = "active"
"""The word for the statuses of active runs."""
ACTIVE_STATUSES = (RunStatus.QUEUED, RunStatus.RUNNING)
_TEXTS = ("task", "job", "platform", "tag", "since", "until", "graphRunId", "backfillId")
NAMES = ("status", *_TEXTS, "trigger", "cause", "late", "group")
"""The names of the filters in the address."""
_MAX_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsQuery:
    """The filters of a page, as texts of its address; empty ones are left out."""

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    after: str | None = None
    """The continuation token of the page."""
    fixed_task: str | None = None
    """The Task whose page lists its runs."""
    is_untidy: bool = False
    """True if the address has empty fields, as a form without scripts sends them."""

    def get(self, name: str) -> str:
        """Return the first value of a filter, or an empty text."""
        return dict(self.values).get(name, ("",))[0]

    @property
    def has_filters(self) -> bool:
        """Return whether any filter is set."""
        return bool(self.values)

    @property
    def is_grouped(self) -> bool:
        """Return whether failures are shown in groups."""
        return self.get("group") == "failures"

    @property
    def is_late(self) -> bool:
        """Return whether only runs that missed a deadline are shown."""
        return self.get("late") == "true"

    @property
    def statuses(self) -> tuple[RunStatus, ...]:
        """The statuses of the filter."""
        texts = dict(self.values).get("status", ())
        return ACTIVE_STATUSES if texts == (ACTIVE,) else tuple(_choice(RunStatus, "status", texts))

    @property
    def may_have_active(self) -> bool:
        """True if an active run can match."""
        return self.get("cause") == "" and set(self.statuses or ACTIVE_STATUSES) <= {
            *ACTIVE_STATUSES
        }

    def with_(self, name: str, *texts: str) -> RunsQuery:
        """Return the query with another value of a filter, from its first page."""
        kept = [(key, each) for key, each in self.values if key != name]
        added = [(name, texts)] if texts else []
        return replace(self, values=(*kept, *added), after=None)

    def address(self, *segments: str, after: str | None = None) -> str:
        """Return the address of a page, part or stream with these filters."""
        own = ("runs",) if self.fixed_task is None else ("tasks", self.fixed_task, "runs")
        values = dict(self.values)
        of = self.fixed_task if segments else None
        return page_path(*(segments or own), **values, after=after, of=of)

    def listing(self, runs: TaskRuns) -> Listing:
        """Return the list of runs; raises `Invalid` for a wrong filter."""
        return self.filters(runs).listing(runs, limit=PAGE_SIZE, continuation_token=self.after)

    def filters(self, runs: TaskRuns) -> RunFilters:
        """Return the filters; an unknown name of a Task filters by a part of the name."""
        task = self.fixed_task or self.get("task") or None
        is_part = task is not None and self.fixed_task is None and not runs.heads([task])
        return RunFilters(
            status=self.statuses,
            task=None if is_part else task,
            task_contains=task if is_part else None,
            job=self.get("job") or None,
            platform=self.get("platform") or None,
            trigger=next(iter(_choice(TriggerType, "trigger", self._all("trigger"))), None),
            cause=next(iter(_choice(FailureCause, "cause", self._all("cause"))), None),
            tag=self.get("tag") or None,
            since=self.get("since") or None,
            until=self.get("until") or None,
            graph_run_id=self.get("graphRunId") or None,
            backfill_id=self.get("backfillId") or None,
            late=self.is_late,
        )

    def _all(self, name: str) -> tuple[str, ...]:
        return dict(self.values).get(name, ())


def read_query(request: Request, *, task: str | None = None) -> RunsQuery:
    """Return the query of a request; a form sends its empty fields too, which mean nothing."""
    given = request.query_params
    found = ((name, tuple(_texts(given.getlist(name)))) for name in NAMES)
    return RunsQuery(
        values=tuple((name, texts) for name, texts in found if texts),
        after=given.get("after") or None,
        fixed_task=task,
        is_untidy="hx-request" not in request.headers
        and any(not text.strip() for _, text in given.multi_items()),
    )


def _texts(values: list[str]) -> list[str]:
    return [text.strip()[:_MAX_LENGTH] for text in values if text.strip()]


def _choice[E: StrEnum](kind: type[E], name: str, texts: tuple[str, ...]) -> list[E]:
    try:
        return [kind(text) for text in texts]
    except ValueError as error:
        known = ", ".join(kind)
        raise Invalid.at(name, f"must be one of {known}") from error


def _query(request: Request) -> RunsQuery:
    return read_query(request)


CurrentRunsQuery = Annotated[RunsQuery, Depends(_query)]
