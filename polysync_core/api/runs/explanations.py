"""Serves the routes that explain why a run waits and who uses a profile."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.views import time_view
from polysync_core.application.runs.explaining import Explained, Explanations, Usage
from polysync_core.domain.dispatch.explain import ProfileUsage, WaitReason
from polysync_core.domain.dispatch.state import Lease, WaitingEntry, moment
from polysync_core.domain.runs.identity import parse_run_id

_MAX_SHOWN = 100
"""The most holders and waiting runs in an answer. The counts are complete."""


def explanation_routes(explanations: Explanations) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/task-runs/{run_id}/explain", tags=["Task runs"])
    def explain_run(run_id: str, engine: CurrentEngine) -> dict[str, Any]:
        """Explain why a run waits, as data and as sentences."""
        return _explained_view(explanations.run(parse_run_id(run_id), engine))

    @routes.get("/contention-profiles/{name}/usage", tags=["contention-profiles"])
    def profile_usage(name: str, engine: CurrentEngine) -> dict[str, Any]:
        """Show the holders, the waiting runs and the start window of a profile."""
        return _usage_view(explanations.usage(name, engine))

    return routes


def _explained_view(explained: Explained) -> dict[str, Any]:
    why = explained.explanation
    return {
        "runId": explained.run.run_id,
        "status": explained.run.status,
        "waitingFor": [] if why is None else [_reason_view(reason) for reason in why.reasons],
        "position": None if why is None else why.position,
        "nextPossibleTime": None if why is None else time_view(why.next_possible),
        "sentences": list(explained.sentences),
    }


def _reason_view(reason: WaitReason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "profile": reason.profile,
        "scope": reason.scope,
        "used": reason.used,
        "limit": reason.limit,
        "needs": reason.needs,
        "heldBy": [_lease_view(lease) for lease in reason.holders[:_MAX_SHOWN]],
        "keptFor": reason.reserved_for,
        "until": time_view(reason.until),
        "sentence": reason.sentence,
    }


def _usage_view(usage: Usage) -> dict[str, Any]:
    profile = usage.profile
    return {
        "name": profile.name,
        "type": profile.type,
        "scope": profile.scope,
        "enabled": profile.enabled,
        "settings": profile.settings.model_dump(mode="json", by_alias=True, exclude_none=True),
        "counters": [_counter_view(counter) for counter in usage.counters],
    }


def _counter_view(counter: ProfileUsage) -> dict[str, Any]:
    return {
        "platform": counter.scope,
        "used": counter.used,
        "limit": counter.limit,
        "holders": [_lease_view(lease) for lease in counter.holders[:_MAX_SHOWN]],
        "queueLength": len(counter.queue),
        "queue": [_waiting_view(entry) for entry in counter.queue[:_MAX_SHOWN]],
        "nextStart": time_view(counter.next_start),
    }


def _lease_view(lease: Lease) -> dict[str, Any]:
    return {
        "runId": lease.run_id,
        "attempt": lease.attempt,
        "task": lease.task,
        "platform": lease.platform,
        "weight": lease.weight,
        "since": time_view(lease.granted_at),
    }


def _waiting_view(entry: WaitingEntry) -> dict[str, Any]:
    return {
        "runId": entry.run_id,
        "attempt": entry.attempt,
        "task": entry.task,
        "platform": entry.platform,
        "priority": entry.priority,
        "since": time_view(moment(entry.waiting_since)),
    }
