"""A Dispatcher's state and messages as plain JSON, small and stable.

What is stored outlives a deployment: fields may be added with a default, never renamed, moved or
given another meaning. The state's lists are rows of fixed columns, as thousands of them are read
and written with every decision; what a newer release appends to a row is ignored by an older one.
tests/replay holds what earlier releases stored against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict, cast

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.policies import (
    Cap,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    Rate,
    TaskPolicy,
)
from polysync_core.domain.dispatch.rates import GrantLog
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    Waiting,
    WaitingEntry,
    millis,
    moment,
)
from polysync_core.domain.runs.identity import BackfillId, RunId

type Row = Sequence[Any]


class WaitingJson(TypedDict):
    """A waiting run in a message; times are epoch seconds."""

    run: str
    attempt: int
    task: str
    priority: int
    queued: float
    platform: str
    notBefore: float | None
    backfillId: NotRequired[BackfillId | None]
    backfillLimit: NotRequired[int | None]


class LeaseJson(TypedDict):
    """A lease in a message; times are epoch seconds."""

    run: str
    attempt: int
    task: str
    granted: float
    platform: NotRequired[str]
    weight: NotRequired[int]
    backfillId: NotRequired[BackfillId | None]
    backfillLimit: NotRequired[int | None]


class PoliciesJson(TypedDict):
    """Policies, a row each."""

    tasks: list[Row]
    platforms: list[Row]
    profiles: list[Row]


class StateJson(TypedDict):
    """A Dispatcher's whole state; times are epoch milliseconds."""

    queue: list[Row]
    held: list[Row]
    policies: PoliciesJson
    logs: list[Row]
    alarm: int | None


def encode_waiting(waiting: Waiting) -> WaitingJson:
    """Return a waiting run as JSON."""
    return {
        "run": waiting.run_id,
        "attempt": waiting.attempt,
        "task": waiting.task,
        "priority": waiting.priority,
        "queued": waiting.queued_at.timestamp(),
        "platform": waiting.platform,
        "notBefore": waiting.not_before and waiting.not_before.timestamp(),
        "backfillId": waiting.backfill_id,
        "backfillLimit": waiting.backfill_limit,
    }


def decode_waiting(data: WaitingJson) -> Waiting:
    """Return the waiting run that `encode_waiting` wrote."""
    not_before = data["notBefore"]
    return Waiting(
        run_id=RunId(data["run"]),
        attempt=data["attempt"],
        task=data["task"],
        priority=data["priority"],
        queued_at=datetime.fromtimestamp(data["queued"], UTC),
        platform=data["platform"],
        not_before=None if not_before is None else datetime.fromtimestamp(not_before, UTC),
        backfill_id=data.get("backfillId"),
        backfill_limit=data.get("backfillLimit"),
    )


def encode_lease(lease: Lease) -> LeaseJson:
    """Return a lease as JSON."""
    return {
        "run": lease.run_id,
        "attempt": lease.attempt,
        "task": lease.task,
        "granted": lease.granted_at.timestamp(),
        "platform": lease.platform,
        "weight": lease.weight,
        "backfillId": lease.backfill_id,
        "backfillLimit": lease.backfill_limit,
    }


def decode_lease(data: LeaseJson) -> Lease:
    """Return the lease that `encode_lease` wrote."""
    return Lease(
        run_id=RunId(data["run"]),
        attempt=data["attempt"],
        task=data["task"],
        granted_at=datetime.fromtimestamp(data["granted"], UTC),
        platform=data.get("platform", ""),
        weight=data.get("weight", 1),
        backfill_id=data.get("backfillId"),
        backfill_limit=data.get("backfillLimit"),
    )


def encode_policies(policies: PolicySet) -> PoliciesJson:
    """Return policies as JSON."""
    return {
        "tasks": [
            (each.name, each.version, each.max_concurrent_runs, each.weight, each.profiles)
            for each in policies.tasks.values()
        ],
        "platforms": [
            (each.name, each.version, each.profiles) for each in policies.platforms.values()
        ],
        "profiles": [_profile_row(each) for each in policies.profiles.values()],
    }


def decode_policies(data: PoliciesJson) -> PolicySet:
    """Return the policies that `encode_policies` wrote."""
    policies = PolicySet()
    for name, version, most, weight, profiles, *_ in data["tasks"]:
        policies.tasks[name] = TaskPolicy(
            name=name,
            version=version,
            max_concurrent_runs=most,
            weight=weight,
            profiles=tuple(profiles),
        )
    for name, version, profiles, *_ in data["platforms"]:
        policies.platforms[name] = PlatformPolicy(
            name=name, version=version, profiles=tuple(profiles)
        )
    policies.profiles = {row[0]: _profile(row) for row in data["profiles"]}
    return policies


def encode_state(state: DispatcherState) -> StateJson:
    """Return the state as JSON."""
    return {
        "queue": list(state.waiting.values()),
        "held": [
            (
                each.run_id,
                each.attempt,
                each.task,
                millis(each.granted_at),
                each.platform,
                each.weight,
                each.backfill_id,
                each.backfill_limit,
            )
            for each in state.leases.values()
        ],
        "policies": encode_policies(state.policies),
        "logs": [(*key, log.window, log.full_at, log.starts) for key, log in state.logs.items()],
        "alarm": state.alarm,
    }


def decode_state(data: StateJson | dict[str, Any] | None) -> DispatcherState:
    """Return the state that `encode_state` wrote; None is the empty state."""
    if not data or "queue" not in data:
        return DispatcherState()
    return DispatcherState(
        waiting=_tickets(data["queue"]),
        leases={row[0]: _lease(row) for row in data["held"]},
        policies=decode_policies(data["policies"]),
        logs={(row[0], row[1]): _log(row) for row in data["logs"]},
        alarm=data["alarm"],
    )


def _tickets(rows: Iterable[Row]) -> dict[RunId, WaitingEntry]:
    """Return the waiting runs by their ids.

    There may be thousands: the tuples are made without `WaitingEntry._make`. A row that
    an older release wrote ends earlier, and one of a newer release later.
    """
    columns, defaults = len(WaitingEntry._fields), tuple(WaitingEntry._field_defaults.values())
    new: Callable[[type[WaitingEntry], Row], WaitingEntry] = cast("Any", tuple).__new__
    return {
        row[0]: new(
            WaitingEntry,
            row[:columns] if len(row) >= columns else (*row, *defaults[len(row) - columns :]),
        )
        for row in rows
    }


def _lease(row: Row) -> Lease:
    run, attempt, task, granted, platform, weight, *more = row
    backfill_id, backfill_limit, *_ = more or (None, None)
    return Lease(
        run_id=RunId(run),
        attempt=attempt,
        task=task,
        granted_at=moment(granted),
        platform=platform,
        weight=weight,
        backfill_id=backfill_id,
        backfill_limit=backfill_limit,
    )


def _log(row: Row) -> GrantLog:
    _, _, window, full_at, starts, *_ = row
    return GrantLog(
        window=window, full_at=full_at, starts=[(start, number) for start, number in starts]
    )


def _profile_row(profile: ProfilePolicy) -> Row:
    gate = profile.gate
    match gate:
        case Cap():
            limits: Row = ("cap", gate.slots, gate.window)
        case Rate():
            limits = ("rate", gate.limit, gate.window, gate.leaky, gate.burst, gate.refill)
    return (
        profile.name,
        profile.version,
        profile.enabled,
        profile.shared,
        profile.action.value,
        profile.queue_size,
        profile.queue_timeout,
        limits,
    )


def _profile(row: Row) -> ProfilePolicy:
    name, version, enabled, shared, action, size, timeout, limits, *_ = row
    return ProfilePolicy(
        name=name,
        version=version,
        enabled=enabled,
        shared=shared,
        action=ExceedAction(action),
        queue_size=size,
        queue_timeout=timeout,
        gate=_gate(limits),
    )


def _gate(limits: Row) -> Cap | Rate:
    if limits[0] == "cap":
        return Cap(slots=limits[1], window=limits[2])
    _, limit, window, leaky, burst, refill, *_ = limits
    return Rate(limit=limit, window=window, leaky=leaky, burst=burst, refill=refill)
