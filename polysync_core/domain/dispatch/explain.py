"""Explains why a queued run waits, and which runs use a contention profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from polysync_core.domain.dispatch.dispatch_round import DispatchRound
from polysync_core.domain.dispatch.holds import Hold, describe_hold
from polysync_core.domain.dispatch.limits import ConcurrencyLimit, Limit, RunGroup, StartRateLimit
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.rates import next_start
from polysync_core.domain.dispatch.reasons import describe_limit, describe_usage
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingEntry, millis, moment
from polysync_core.domain.runs.identity import RunId

_MAX_NAMES = 3
"""The number of holders in a sentence; the data has all holders."""


class WaitReasonKind(StrEnum):
    """The kind of a reason to wait."""

    CONCURRENCY = "Concurrency"
    RATE_LIMIT = "RateLimit"
    MAX_CONCURRENT_RUNS = "MaxConcurrentRuns"
    BACKFILL = "Backfill"
    BACK_OFF = "BackOff"
    PLANNED_START = "PlannedStart"
    HELD = "Held"
    LIMITS_UNKNOWN = "LimitsUnknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitReason:
    """One reason why a run waits: a limit, a back-off or unknown limits."""

    kind: WaitReasonKind
    sentence: str
    profile: str | None = None
    scope: str | None = None
    """The Platform, Task or backfill that is limited; None for a global profile."""
    used: int | None = None
    limit: int | None = None
    needs: int = 1
    holders: tuple[Lease, ...] = ()
    reserved_for: RunId | None = None
    until: datetime | None = None
    """The end of the reason, if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The reasons why a run waits; without reasons it is about to start."""

    reasons: tuple[WaitReason, ...]
    position: int | None
    """The position among runs with the same limits; 1 is next."""
    next_possible: datetime | None
    """The earliest start; None if it depends on the end of other runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUsage:
    """The usage of a profile for one Platform, or for all Platforms together."""

    profile: str
    scope: str | None
    limit: int
    used: int
    holders: tuple[Lease, ...]
    """The leases that use its slots; empty for a rate."""
    queue: tuple[WaitingEntry, ...]
    """The runs that it blocks, the next one first."""
    next_start: datetime | None
    """The next start that a rate permits."""


def explain(state: DispatcherState, run_id: RunId, *, now: datetime) -> Explanation | None:
    """Return the reasons why a queued run waits; None for any other run.

    The function modifies the state.
    """
    return explain_many(state, [run_id], now=now).get(run_id)


def explain_many(
    state: DispatcherState, run_ids: Iterable[RunId], *, now: datetime
) -> dict[RunId, Explanation]:
    """Return the reasons why queued runs wait, without the other runs; the state is modified.

    One dispatch round and one pass over the leases and waiting runs serve all runs.
    """
    wanted = {run_id for run_id in run_ids if run_id in state.waiting}
    if not wanted:
        return {}
    dispatch_round = _after_grants(state, now)
    holders = _holders_by_limit(dispatch_round)
    found = {
        run_id: Explanation(reasons=(), position=1, next_possible=now)
        for run_id in wanted
        if run_id not in state.waiting
    }
    line = _Line()
    for entry in state.waiting.values():
        group = dispatch_round.group_of(entry)
        if entry.run_id in wanted:
            found[entry.run_id] = _explanation(dispatch_round, entry, line, holders)
            if len(found) == len(wanted):
                break
        if entry.not_before <= dispatch_round.now:
            line.add(group)
    return found


class _Line:
    """The due runs ahead of a run; all runs of a group have the same limits."""

    def __init__(self) -> None:
        self._groups: dict[int, RunGroup] = {}
        self._counts: Counter[int] = Counter()

    def add(self, group: RunGroup) -> None:
        self._groups[id(group)] = group
        self._counts[id(group)] += 1

    def competing(self, limits: Collection[Limit]) -> int:
        """Return the number of runs that need one of the limits."""
        return sum(
            count
            for key, count in self._counts.items()
            if any(limit in limits for limit, _ in self._groups[key].demands)
        )


def _explanation(
    dispatch_round: DispatchRound,
    waiting: WaitingEntry,
    ahead: _Line,
    holders: Mapping[Limit, Sequence[Lease]],
) -> Explanation:
    group = dispatch_round.group_of(waiting)
    limits = dispatch_round.limits_blocking(waiting, group)
    deferring = dispatch_round.deferring_limit(waiting, group)
    until = moment(waiting.deferred_until) if deferring is not None else None
    reasons = [
        _concurrency_reason(limit, group, until if limit is deferring else None, holders)
        if isinstance(limit, ConcurrencyLimit)
        else _rate_reason(dispatch_round, limit, until if limit is deferring else None, ahead)
        for limit in limits
    ]
    reasons += _other_reasons(waiting, group, dispatch_round.now)
    ends = [reason.until for reason in reasons]
    known = [end for end in ends if end is not None]
    is_due = waiting.not_before <= dispatch_round.now
    return Explanation(
        reasons=tuple(reasons),
        position=ahead.competing(limits) + 1 if is_due else None,
        next_possible=max(known) if known and len(known) == len(ends) else None,
    )


def usage(
    state: DispatcherState, profiles: Collection[str], policies: PolicySet, *, now: datetime
) -> list[ProfileUsage]:
    """Return the usage of some profiles in one Dispatcher; the state is modified.

    One dispatch round and one pass over the leases and waiting runs serve all profiles.
    """
    state.policies.merge(policies)
    dispatch_round = _after_grants(state, now)
    keys = sorted(key for key in {*dispatch_round.limits, *state.start_logs} if key[0] in profiles)
    found = {
        key: dispatch_round.limits.get(key) or dispatch_round.unused_limit(*key) for key in keys
    }
    limits = {key: limit for key, limit in found.items() if limit is not None}
    queues = _queues(dispatch_round)
    holders = _holders_by_limit(dispatch_round)
    return [
        _usage_of(key[0], limit, holders.get(limit, ()), queues.get(limit, ()))
        for key, limit in limits.items()
    ]


def _after_grants(state: DispatcherState, now: datetime) -> DispatchRound:
    dispatch_round = DispatchRound(state, millis(now))
    dispatch_round.grant_leases()
    return dispatch_round


def _concurrency_reason(
    limit: ConcurrencyLimit,
    group: RunGroup,
    until: datetime | None,
    holders: Mapping[Limit, Sequence[Lease]],
) -> WaitReason:
    if limit.hold is not None:
        return _hold_reason(limit.hold)
    needs = next(demand for each, demand in group.demands if each is limit)
    held = tuple(holders.get(limit, ()))
    more = f", and this run needs {needs}" if needs > 1 else ""
    facts = f"{_facts(limit)}{more}{_held_by(held)}{_deferred(until)}"
    return WaitReason(
        profile=None if limit.profile is None else limit.profile.name,
        scope=limit.scope or None,
        kind=_kind(limit),
        sentence=f"{facts}.",
        used=limit.used,
        limit=limit.size,
        needs=needs,
        holders=held,
        reserved_for=limit.reserved_for,
        until=until,
    )


def _hold_reason(hold: Hold) -> WaitReason:
    sentence = f"{describe_hold(hold).rstrip('.')}."
    scope = hold.task or hold.platform
    return WaitReason(scope=scope, kind=WaitReasonKind.HELD, sentence=sentence)


def _rate_reason(
    dispatch_round: DispatchRound, limit: StartRateLimit, until: datetime | None, ahead: _Line
) -> WaitReason:
    competing = ahead.competing([limit])
    at = next_start(limit.rule, limit.log, dispatch_round.now, ahead=competing)
    start = until or moment(at)
    facts = f"{_facts(limit)}{_deferred(until)}"
    return WaitReason(
        profile=limit.profile.name,
        scope=limit.scope or None,
        kind=WaitReasonKind.RATE_LIMIT,
        sentence=f"{facts}; earliest start at {_format_time(start)}.",
        used=limit.log.count,
        limit=limit.rule.limit,
        until=start,
    )


def _facts(limit: Limit) -> str:
    return f"{describe_limit(limit)}: {describe_usage(limit)}"


def _deferred(until: datetime | None) -> str:
    return "" if until is None else f"; deferred to the next window, at {_format_time(until)}"


def _kind(limit: ConcurrencyLimit) -> WaitReasonKind:
    if limit.of_backfill:
        return WaitReasonKind.BACKFILL
    return WaitReasonKind.CONCURRENCY if limit.profile else WaitReasonKind.MAX_CONCURRENT_RUNS


def _held_by(holders: Sequence[Lease]) -> str:
    if not holders:
        return ""
    named = ", ".join(map(_name, holders[:_MAX_NAMES]))
    more = len(holders) - _MAX_NAMES
    return f", held by {named}" + (f" and {more} more" if more > 0 else "")


def _name(lease: Lease) -> str:
    return f"{lease.task} ({lease.run_id})" if lease.task else lease.run_id


def _other_reasons(waiting: WaitingEntry, group: RunGroup, now: int) -> Iterator[WaitReason]:
    if waiting.not_before > now:
        until = moment(waiting.not_before)
        if waiting.attempt == 1:
            sentence = f"It waits for its planned start at {_format_time(until)}, after its jitter."
            kind = WaitReasonKind.PLANNED_START
        else:
            back_off = f"waits for its back-off until {_format_time(until)}"
            sentence, kind = f"Attempt {waiting.attempt} {back_off}.", WaitReasonKind.BACK_OFF
        yield WaitReason(kind=kind, sentence=sentence, until=until)
    if group.missing:
        sentence = f"The limits of {', '.join(group.missing)} are not loaded yet."
        yield WaitReason(kind=WaitReasonKind.LIMITS_UNKNOWN, sentence=sentence)


def _holders_by_limit(dispatch_round: DispatchRound) -> Mapping[Limit, Sequence[Lease]]:
    holders: dict[Limit, list[Lease]] = {}
    for lease in sorted(dispatch_round.state.leases.values(), key=lambda each: each.granted_at):
        for limit, _ in dispatch_round.group_of(lease).demands:
            holders.setdefault(limit, []).append(lease)
    return holders


def _queues(dispatch_round: DispatchRound) -> Mapping[Limit, Sequence[WaitingEntry]]:
    """Return the runs that each limit blocks, the next one first."""
    queues: dict[Limit, list[WaitingEntry]] = {}
    for entry in dispatch_round.state.waiting.values():
        if entry.not_before <= dispatch_round.now:
            for limit in dispatch_round.limits_blocking(entry, dispatch_round.group_of(entry)):
                queues.setdefault(limit, []).append(entry)
    return queues


def _usage_of(
    profile: str, limit: Limit, holders: Sequence[Lease], queue: Sequence[WaitingEntry]
) -> ProfileUsage:
    has_slots = isinstance(limit, ConcurrencyLimit)
    return ProfileUsage(
        profile=profile,
        scope=limit.scope or None,
        limit=limit.size if has_slots else limit.rule.limit,
        used=limit.used if has_slots else limit.log.count,
        holders=tuple(holders) if has_slots else (),
        queue=tuple(queue),
        next_start=None if has_slots else moment(limit.next_at),
    )


def _format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
