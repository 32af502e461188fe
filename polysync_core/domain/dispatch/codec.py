"""Encodes and decodes a Dispatcher's state and messages as JSON.

Stored states outlive a deployment. A field may be added with a default; it is never renamed, moved
or given another meaning. The lists of the state are rows with fixed columns, because thousands of
rows are read and written with every decision. An older release ignores columns that a newer
release appends. tests/replay checks this module against the states of earlier releases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict, cast

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.rates import StartLog
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    WaitingEntry,
    WaitingRun,
    millis,
    moment,
)
from polysync_core.domain.runs.identity import BackfillId, RunId

type Row = Sequence[Any]


class WaitingRunJson(TypedDict):
    """A waiting run in a message; times are epoch seconds."""

    run: str
    attempt: int
    task: str | None
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
    task: str | None
    granted: float
    platform: NotRequired[str]
    weight: NotRequired[int]
    backfillId: NotRequired[BackfillId | None]
    backfillLimit: NotRequired[int | None]


class PoliciesJson(TypedDict):
    """Policies, one row each."""

    tasks: list[Row]
    platforms: list[Row]
    profiles: list[Row]
    holds: NotRequired[list[Row]]


class StateJson(TypedDict):
    """A Dispatcher's whole state; times are epoch milliseconds."""

    waiting: list[Row]
    leases: list[Row]
    policies: PoliciesJson
    startLogs: list[Row]
    timerAt: int | None


def encode_waiting(waiting: WaitingRun) -> WaitingRunJson:
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


def decode_waiting(data: WaitingRunJson) -> WaitingRun:
    """Return the waiting run that `encode_waiting` wrote."""
    not_before = data["notBefore"]
    return WaitingRun(
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
        "holds": [
            (each.name, each.version, each.reason, each.by, millis(each.at), each.is_active)
            for each in policies.holds.values()
        ],
    }


def decode_policies(data: PoliciesJson) -> PolicySet:
    """Return the policies that `encode_policies` wrote."""
    policies = PolicySet()
    for name, version, max_runs, weight, profiles, *_ in data["tasks"]:
        policies.tasks[name] = TaskPolicy(
            name=name,
            version=version,
            max_concurrent_runs=max_runs,
            weight=weight,
            profiles=tuple(profiles),
        )
    for name, version, profiles, *_ in data["platforms"]:
        policies.platforms[name] = PlatformPolicy(
            name=name, version=version, profiles=tuple(profiles)
        )
    policies.profiles = {row[0]: _profile(row) for row in data["profiles"]}
    for name, version, reason, by, at, is_active, *_ in data.get("holds", ()):
        policies.holds[name] = Hold(
            name=name, version=version, reason=reason, by=by, at=moment(at), is_active=is_active
        )
    return policies


def encode_state(state: DispatcherState) -> StateJson:
    """Return the state as JSON."""
    return {
        "waiting": list(state.waiting.values()),
        "leases": [
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
        "startLogs": [
            (*key, log.window, log.full_at, log.starts) for key, log in state.start_logs.items()
        ],
        "timerAt": state.timer_at,
    }


def decode_state(data: StateJson | dict[str, Any] | None) -> DispatcherState:
    """Return the state that `encode_state` wrote; None is the empty state."""
    if not data or "waiting" not in data:
        return DispatcherState()
    return DispatcherState(
        waiting=_entries(data["waiting"]),
        leases={row[0]: _lease(row) for row in data["leases"]},
        policies=decode_policies(data["policies"]),
        start_logs={(row[0], row[1]): _log(row) for row in data["startLogs"]},
        timer_at=data["timerAt"],
    )


def _entries(rows: Iterable[Row]) -> dict[RunId, WaitingEntry]:
    """Return the waiting runs by id.

    A state may hold thousands of rows, so the tuples are created without `WaitingEntry._make`. A
    row of an older release is shorter, a row of a newer release is longer.
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


def _log(row: Row) -> StartLog:
    _, _, window, full_at, starts, *_ = row
    return StartLog(
        window=window, full_at=full_at, starts=[(start, number) for start, number in starts]
    )


def _profile_row(profile: ProfilePolicy) -> Row:
    rule = profile.rule
    match rule:
        case ConcurrencyRule():
            rule_row: Row = ("concurrency", rule.slots, rule.window)
        case StartRateRule():
            parts = (rule.limit, rule.window, rule.leaky, rule.burst, rule.refill)
            rule_row = ("startRate", *parts)
    return (
        profile.name,
        profile.version,
        profile.enabled,
        profile.is_global,
        profile.exceed_action.value,
        profile.queue_size,
        profile.queue_timeout,
        rule_row,
    )


def _profile(row: Row) -> ProfilePolicy:
    name, version, enabled, is_global, action, size, timeout, rule_row, *_ = row
    return ProfilePolicy(
        name=name,
        version=version,
        enabled=enabled,
        is_global=is_global,
        exceed_action=ExceedAction(action),
        queue_size=size,
        queue_timeout=timeout,
        rule=_rule(rule_row),
    )


def _rule(row: Row) -> ConcurrencyRule | StartRateRule:
    if row[0] == "concurrency":
        return ConcurrencyRule(slots=row[1], window=row[2])
    _, limit, window, leaky, burst, refill, *_ = row
    return StartRateRule(limit=limit, window=window, leaky=leaky, burst=burst, refill=refill)
