"""Serves the routes that explain waiting runs and show the usage of contention profiles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Json, RunIdText, Time, View
from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.explaining import Explained, Explanations, Usage
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.domain.definitions.contention import ProfileType, Scope
from polysync_core.domain.dispatch.explain import ProfileUsage, WaitReason, WaitReasonKind
from polysync_core.domain.dispatch.state import Lease, WaitingEntry, moment
from polysync_core.domain.runs.status import RunStatus

_MAX_SHOWN = 100
"""The most holders and waiting runs in an answer. The counts are complete."""


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
    """When the attempt got the lease."""


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


class WaitReasonView(View):
    """One reason why a run waits."""

    kind: WaitReasonKind
    """The kind of the reason."""
    profile: str | None
    """The contention profile; null for another limit."""
    scope: str | None
    """The Platform, Task or backfill that is limited; null for a global profile."""
    used: int | None
    """The used part of the limit."""
    limit: int | None
    """The limit."""
    needs: int
    """The number of slots that the run needs."""
    held_by: list[LeaseView]
    """The first 100 holders of the limit."""
    kept_for: RunIdText | None
    """The run for which the free slots are kept."""
    until: Time | None
    """The end of the reason, if it is known."""
    sentence: str
    """The reason as a sentence."""


class ExplanationView(View):
    """The reasons why a run waits."""

    run_id: RunIdText
    """The run."""
    status: RunStatus
    """The status of the run."""
    waiting_for: list[WaitReasonView]
    """The reasons; empty if the run does not wait."""
    position: int | None
    """The position among the runs with the same limits; 1 is next."""
    next_possible_time: Time | None
    """The earliest start; null if it depends on the end of other runs."""
    sentences: list[str]
    """The explanation in sentences."""


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


CurrentExplanations = Annotated[Explanations, Depends(use_case(Explanations))]


def explanation_routes() -> APIRouter:
    """Return the routes of explanations and of the usage of profiles."""
    routes = APIRouter()

    @routes.get("/task-runs/{run_id}/explain", tags=["Task runs"])
    def explain_run(
        run_id: str, explanations: CurrentExplanations, engine: CurrentEngine
    ) -> ExplanationView:
        """Explain why a run waits, as data and as sentences."""
        found = find_run_id(explanations.runs, run_id)
        return _explained_view(explanations.run(found, engine))

    @routes.get("/contention-profiles/{name}/usage", tags=["Contention profiles"])
    def get_profile_usage(
        name: str, explanations: CurrentExplanations, engine: CurrentEngine
    ) -> UsageView:
        """Show the holders, the waiting runs and the start window of a profile."""
        return _usage_view(explanations.usage(name, engine))

    return routes


def _explained_view(explained: Explained) -> ExplanationView:
    why = explained.explanation
    return ExplanationView(
        run_id=explained.run.run_id,
        status=explained.run.status,
        waiting_for=[] if why is None else [_reason_view(reason) for reason in why.reasons],
        position=None if why is None else why.position,
        next_possible_time=None if why is None else why.next_possible,
        sentences=list(explained.sentences),
    )


def _reason_view(reason: WaitReason) -> WaitReasonView:
    return WaitReasonView(
        kind=reason.kind,
        profile=reason.profile,
        scope=reason.scope,
        used=reason.used,
        limit=reason.limit,
        needs=reason.needs,
        held_by=[_lease_view(lease) for lease in reason.holders[:_MAX_SHOWN]],
        kept_for=reason.reserved_for,
        until=reason.until,
        sentence=reason.sentence,
    )


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
        holders=[_lease_view(lease) for lease in counter.holders[:_MAX_SHOWN]],
        queue_length=len(counter.queue),
        queue=[_waiting_view(entry) for entry in counter.queue[:_MAX_SHOWN]],
        next_start=counter.next_start,
    )


def _lease_view(lease: Lease) -> LeaseView:
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
