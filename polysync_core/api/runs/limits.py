"""Serves the API routes that show which runs use or await each limit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Json, Page, RunIdText, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.dispatch.limit_usage import LimitUsage, Usage
from polysync_core.domain.definitions.contention import ProfileType, Scope
from polysync_core.domain.dispatch.explain import ProfileUsage
from polysync_core.domain.dispatch.state import Lease, WaitingEntry, moment

MAX_SHOWN = 100
"""The maximum number of holders and waiting runs in an answer. The counts are complete."""


class LeaseView(View):
    """The right of one attempt to run."""

    run_id: RunIdText
    """The run."""
    attempt: int
    """The number of the attempt."""
    task: str | None
    """The Task; null for a run of a Job without a Task."""
    platform: str
    """The Platform."""
    weight: int
    """The number of slots that the attempt uses."""
    since: Time
    """The time at which the attempt got the lease."""


class WaitingRunView(View):
    """A run that waits for its start."""

    run_id: RunIdText
    """The run."""
    attempt: int
    """The number of the next attempt."""
    task: str | None
    """The Task; null for a run of a Job without a Task."""
    platform: str
    """The Platform."""
    priority: int
    """The priority; a higher one starts first."""
    since: Time
    """The start of the wait."""


class CounterView(View):
    """The usage of a profile for one Platform, or for all Platforms together."""

    platform: str | None
    """The Platform; null for all Platforms together."""
    used: int
    """The used part of the limit."""
    limit: int
    """The limit."""
    holders: list[LeaseView]
    """The first 100 leases that use the slots; empty for a rate."""
    queue_length: int
    """The number of runs that the profile blocks."""
    queue: list[WaitingRunView]
    """The first 100 runs that the profile blocks, the next one first."""
    next_start: Time | None
    """The next start that a rate permits."""


class UsageView(View):
    """A contention profile with its usage."""

    name: str
    """The name of the profile."""
    type: ProfileType
    """The type of the profile."""
    scope: Scope
    """The scope of the profile."""
    enabled: bool
    """False if the profile is switched off."""
    settings: dict[str, Json]
    """The settings of the profile that have a value."""
    counters: list[CounterView]
    """The usage, one entry for each Platform or one for all."""


CurrentLimitUsage = Annotated[LimitUsage, Depends(use_case(LimitUsage))]

PageLimit = Annotated[int, Query(ge=1, le=100, description="Maximum number of items.")]
Token = Annotated[
    str | None, Query(alias="continuationToken", description="The token of the previous answer.")
]


def limit_routes() -> APIRouter:
    """Return the routes of the usage of contention profiles."""
    routes = APIRouter(tags=["Contention profiles"])

    @routes.get("/limits")
    def list_limits(
        usage: CurrentLimitUsage, engine: CurrentEngine, limit: PageLimit = 20, token: Token = None
    ) -> Page[UsageView]:
        """List the contention profiles with their holders, waiting runs and start windows."""
        page = usage.page(engine, limit=limit, token=token)
        return Page(
            items=[_usage_view(each) for each in page.items],
            continuation_token=page.continuation_token,
        )

    @routes.get("/contention-profiles/{name}/usage")
    def get_profile_usage(name: str, usage: CurrentLimitUsage, engine: CurrentEngine) -> UsageView:
        """Show the holders, the waiting runs and the start window of a profile."""
        return _usage_view(usage.of(name, engine))

    return routes


def _usage_view(usage: Usage) -> UsageView:
    profile = usage.profile
    return UsageView(
        name=profile.name,
        type=profile.type,
        scope=profile.scope,
        enabled=profile.enabled,
        settings=profile.settings.model_dump(mode="json", by_alias=True, exclude_none=True),
        counters=[_counter_view(counter) for counter in usage.counters],
    )


def _counter_view(counter: ProfileUsage) -> CounterView:
    return CounterView(
        platform=counter.scope,
        used=counter.used,
        limit=counter.limit,
        holders=[lease_view(lease) for lease in counter.holders[:MAX_SHOWN]],
        queue_length=len(counter.queue),
        queue=[_waiting_view(entry) for entry in counter.queue[:MAX_SHOWN]],
        next_start=counter.next_start,
    )


def lease_view(lease: Lease) -> LeaseView:
    """Return the view of a lease."""
    return LeaseView(
        run_id=lease.run_id,
        attempt=lease.attempt,
        task=lease.task,
        platform=lease.platform,
        weight=lease.weight,
        since=lease.granted_at,
    )


def _waiting_view(entry: WaitingEntry) -> WaitingRunView:
    return WaitingRunView(
        run_id=entry.run_id,
        attempt=entry.attempt,
        task=entry.task,
        platform=entry.platform,
        priority=entry.priority,
        since=moment(entry.waiting_since),
    )
