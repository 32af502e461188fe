"""Why a run waits, and how a profile is used: the Dispatcher's own view of its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from polysync_core.domain.dispatch.dispatch_round import DispatchRound
from polysync_core.domain.dispatch.limits import ConcurrencyLimit, Group, Limit, StartRateLimit
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.rates import next_start
from polysync_core.domain.dispatch.reasons import level, name
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingEntry, millis, moment
from polysync_core.domain.runs.identity import RunId

_NAMED = 3
"""So many holders are named in a sentence; the data has all."""


class HoldKind(StrEnum):
    """What holds a run back."""

    CONCURRENCY = "Concurrency"
    RATE_LIMIT = "RateLimit"
    MAX_CONCURRENT_RUNS = "MaxConcurrentRuns"
    BACKFILL = "Backfill"
    BACK_OFF = "BackOff"
    LIMITS_UNKNOWN = "LimitsUnknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One thing that holds a run back."""

    kind: HoldKind
    sentence: str
    profile: str | None = None
    scope: str | None = None
    """The Platform, Task or backfill that the limit counts for; None where all count together."""
    used: int | None = None
    limit: int | None = None
    needs: int = 1
    holders: tuple[Lease, ...] = ()
    kept_for: RunId | None = None
    until: datetime | None = None
    """When it will be over, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a run waits; without holds it is about to start."""

    holds: tuple[Hold, ...]
    position: int | None
    """Its place among those that want the same; 1 is next."""
    next_possible: datetime | None
    """When it may start at the earliest; None where that depends on when other runs end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """How a profile is used, for one Platform or for all together."""

    scope: str | None
    limit: int
    used: int
    holders: tuple[Lease, ...]
    """Those that hold its slots; empty for a rate."""
    queue: tuple[WaitingEntry, ...]
    """Those that it holds back, the next one first."""
    next_start: datetime | None
    """When a rate permits the next start."""


def explain(state: DispatcherState, run_id: RunId, *, now: datetime) -> Explanation | None:
    """Return why a run waits, None where the Dispatcher does not know it as waiting.

    The state is used up by it.
    """
    waiting = state.waiting.get(run_id)
    if waiting is None:
        return None
    survey = _settled(state, now)
    if run_id not in state.waiting:
        return Explanation(holds=(), position=1, next_possible=now)
    group = survey.group(waiting)
    limits = survey.holding(waiting, group)
    before = [each for each in _before(survey, waiting) if _competes(survey, each, limits)]
    deferring = survey.deferral(waiting, group)
    until = moment(waiting.deferred_until) if deferring is not None else None
    holds = [
        _hold(survey, limit, group, until if limit is deferring else None, before)
        for limit in limits
    ]
    holds += _others(waiting, group, survey.now)
    ends = [hold.until for hold in holds]
    known = [end for end in ends if end is not None]
    return Explanation(
        holds=tuple(holds),
        position=len(before) + 1 if waiting.not_before <= survey.now else None,
        next_possible=max(known) if known and len(known) == len(ends) else None,
    )


def usage(
    state: DispatcherState, profile: str, policies: PolicySet, *, now: datetime
) -> Iterator[Counter]:
    """Yield how a profile is used by what one Dispatcher knows; the state is used up by it."""
    state.policies.merge(policies)
    survey = _settled(state, now)
    for key in sorted({*survey.limits, *state.logs}):
        limit = survey.limits.get(key)
        if key[0] != profile:
            continue
        if limit is None:
            limit = survey.idle_limit(*key)
        if limit is not None:
            yield _counter(survey, limit)


def _settled(state: DispatcherState, now: datetime) -> DispatchRound:
    survey = DispatchRound(state, millis(now))
    survey.start_what_may()
    return survey


def _before(survey: DispatchRound, waiting: WaitingEntry) -> Iterator[WaitingEntry]:
    for each in survey.state.waiting.values():
        if each.run_id == waiting.run_id:
            return
        if each.not_before <= survey.now:
            yield each


def _competes(survey: DispatchRound, other: WaitingEntry, limits: list[Limit]) -> bool:
    demands = survey.group(other).demands
    return any(limit in limits for limit, _ in demands)


def _hold(
    survey: DispatchRound,
    limit: Limit,
    group: Group,
    until: datetime | None,
    before: list[WaitingEntry],
) -> Hold:
    needs = next(need for each, need in group.demands if each is limit)
    facts = f"{name(limit)}: {level(limit)}"
    if needs > 1 and isinstance(limit, ConcurrencyLimit):
        facts += f", and this run needs {needs}"
    profile = None if limit.profile is None else limit.profile.name
    holders = tuple(_holders(survey, limit)) if isinstance(limit, ConcurrencyLimit) else ()
    facts += _held_by(holders)
    if until is not None:
        facts += f"; deferred to the next window, at {_clock(until)}"
    match limit:
        case ConcurrencyLimit():
            return Hold(
                profile=profile,
                scope=limit.scope or None,
                kind=_kind(limit),
                sentence=f"{facts}.",
                used=limit.used,
                limit=limit.size,
                needs=needs,
                holders=holders,
                kept_for=limit.kept_for,
                until=until,
            )
        case StartRateLimit():
            ahead = sum(_competes(survey, each, [limit]) for each in before)
            at = next_start(limit.rate, limit.log, survey.now, ahead=ahead)
            until = until or moment(at)
            return Hold(
                profile=profile,
                scope=limit.scope or None,
                kind=HoldKind.RATE_LIMIT,
                sentence=f"{facts}; its turn may come at {_clock(until)}.",
                used=limit.log.count,
                limit=limit.rate.limit,
                until=until,
            )


def _kind(limit: ConcurrencyLimit) -> HoldKind:
    if limit.of_backfill:
        return HoldKind.BACKFILL
    return HoldKind.CONCURRENCY if limit.profile else HoldKind.MAX_CONCURRENT_RUNS


def _held_by(holders: Sequence[Lease]) -> str:
    if not holders:
        return ""
    named = ", ".join(lease.run_id for lease in holders[:_NAMED])
    more = len(holders) - _NAMED
    return f", held by {named}" + (f" and {more} more" if more > 0 else "")


def _others(waiting: WaitingEntry, group: Group, now: int) -> Iterator[Hold]:
    if waiting.not_before > now:
        until = moment(waiting.not_before)
        sentence = f"Attempt {waiting.attempt} waits for its back-off until {_clock(until)}."
        yield Hold(kind=HoldKind.BACK_OFF, sentence=sentence, until=until)
    if group.missing:
        sentence = f"The limits of {', '.join(group.missing)} are being read."
        yield Hold(kind=HoldKind.LIMITS_UNKNOWN, sentence=sentence)


def _holders(survey: DispatchRound, limit: Limit) -> Iterable[Lease]:
    holding = [
        lease
        for lease in survey.state.leases.values()
        if any(each is limit for each, _ in survey.group(lease).demands)
    ]
    return sorted(holding, key=lambda lease: lease.granted_at)


def _counter(survey: DispatchRound, limit: Limit) -> Counter:
    queue = [
        each
        for each in survey.state.waiting.values()
        if each.not_before <= survey.now and limit in survey.holding(each, survey.group(each))
    ]
    slots = isinstance(limit, ConcurrencyLimit)
    return Counter(
        scope=limit.scope or None,
        limit=limit.size if slots else limit.rate.limit,
        used=limit.used if slots else limit.log.count,
        holders=tuple(_holders(survey, limit)) if slots else (),
        queue=tuple(queue),
        next_start=None if slots else moment(limit.next_at),
    )


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
