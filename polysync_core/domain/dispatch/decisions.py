"""Decides which queued runs the Dispatcher starts or ends after each message.

Every operation changes the state and then decides: which runs start now, which must end, and when
to decide again. A blocked run is skipped, so a full limit does not block runs without that limit.
A run takes its share of all its limits together, or nothing.

While no run waits, a start without limits and a release need no dispatch round: their cost does not
grow with the number of leases. Policies that no run needs any more stay until the next round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.dispatch.blocked_runs import BlockedRuns, QueueFailure
from polysync_core.domain.dispatch.dispatch_round import DispatchRound
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    WaitingEntry,
    WaitingRun,
    lease_of,
    millis,
    moment,
    waiting_entry,
)
from polysync_core.domain.runs.identity import RunId


@dataclass(slots=True, kw_only=True)
class Decision:
    """The effects of an operation, besides the new state."""

    starts: list[Lease] = field(default_factory=list[Lease])
    """The attempts to start, in order; each holds its lease already."""
    failures: list[QueueFailure] = field(default_factory=list[QueueFailure])
    """The runs to end; they have left the queue."""
    wake_at: datetime | None = None
    """The time for which to send the Dispatcher a wake-up; None if one is already sent."""


def enqueue(
    state: DispatcherState, waiting: WaitingRun, *, policies: PolicySet | None = None, now: datetime
) -> Decision:
    """Add a run to the queue, unless this or a later attempt is known already."""
    state.policies.merge(policies or PolicySet())
    known = state.waiting.get(waiting.run_id) or state.leases.get(waiting.run_id)
    entry = waiting_entry(waiting)
    if known is None and _needs_no_round(state, now) and _is_free_to_start(state, entry, now):
        return Decision(starts=[_grant_at_once(state, entry, now)])
    if known is None or known.attempt < waiting.attempt:
        state.leases.pop(waiting.run_id, None)
        state.add_waiting(entry)
    return decide(state, now=now)


def release(state: DispatcherState, run_id: RunId, attempt: int, *, now: datetime) -> Decision:
    """Release the lease of an attempt; an attempt that still waits leaves the queue."""
    for entries in (state.leases, state.waiting):
        known = entries.get(run_id)
        if known is not None and known.attempt <= attempt:
            del entries[run_id]
    if state.leases and _needs_no_round(state, now):
        return Decision()
    return decide(state, now=now)


def restore_lease(state: DispatcherState, lease: Lease, *, now: datetime) -> Decision:
    """Record the lease of an attempt that runs already, even if that exceeds a limit."""
    known = state.leases.get(lease.run_id)
    if known is None or known.attempt < lease.attempt:
        state.waiting.pop(lease.run_id, None)
        state.leases[lease.run_id] = lease
    return decide(state, now=now)


def update_policies(state: DispatcherState, policies: PolicySet, *, now: datetime) -> Decision:
    """Add newer policies; they apply to waiting runs as well."""
    state.policies.merge(policies)
    return decide(state, now=now)


def on_timer(state: DispatcherState, at: datetime | None, *, now: datetime) -> Decision:
    """Handle the wake-up timer; re-arm it if it fired early."""
    if at is not None and state.timer_at == millis(at):
        state.timer_at = None
    return decide(state, now=now)


def decide(state: DispatcherState, *, now: datetime) -> Decision:
    """Grant leases, end the runs that must not wait longer, and set the timer."""
    decision, instant = Decision(), millis(now)
    while True:
        dispatch_round = DispatchRound(state, instant)
        decision.starts += dispatch_round.grant_leases()
        blocked = BlockedRuns(dispatch_round)
        blocked.process()
        decision.failures += blocked.failures
        # A failed run may have reserved slots, which other runs can use in another round.
        if not (blocked.failures and dispatch_round.reserves_slots):
            break
    decision.wake_at = _set_timer(state, blocked.next_check_at, instant)
    _forget_unused(state, dispatch_round)
    return decision


def _needs_no_round(state: DispatcherState, now: datetime) -> bool:
    """Return whether a dispatch round could change nothing: no run waits, and no start counts."""
    if state.waiting or state.start_logs:
        return False
    return state.timer_at is None or state.timer_at > millis(now)


def _is_free_to_start(state: DispatcherState, entry: WaitingEntry, now: datetime) -> bool:
    """Return whether a run may start now, and no limit applies to it."""
    profiles, missing = state.policies.profiles_of(entry.task, entry.platform)
    policy = None if entry.task is None else state.policies.tasks.get(entry.task)
    has_limit = profiles or missing or entry.backfill_limit is not None
    if state.policies.holds_on(entry.task, entry.platform):
        return False
    if has_limit or (policy is not None and policy.max_concurrent_runs is not None):
        return False
    return entry.not_before <= millis(now)


def _grant_at_once(state: DispatcherState, entry: WaitingEntry, now: datetime) -> Lease:
    policy = None if entry.task is None else state.policies.tasks.get(entry.task)
    weight = 1 if policy is None else policy.weight
    lease = state.leases[entry.run_id] = lease_of(entry, weight=weight, now=millis(now))
    return lease


def _set_timer(state: DispatcherState, wanted: int | None, now: int) -> datetime | None:
    """Return the time of the next wake-up, None if an earlier one exists."""
    if state.timer_at is not None and state.timer_at <= now:
        state.timer_at = None
    if wanted is None or (state.timer_at is not None and state.timer_at <= wanted):
        return None
    state.timer_at = wanted
    return moment(wanted)


def _forget_unused(state: DispatcherState, dispatch_round: DispatchRound) -> None:
    """Remove logs and policies that no run needs, so that an idle state becomes empty."""
    for log in state.start_logs.values():
        log.expire(dispatch_round.now)
    state.start_logs = {key: log for key, log in state.start_logs.items() if not log.is_blank}
    groups = list(dispatch_round.group_keys)
    state.policies.retain(
        (task for task, _, _ in groups if task is not None),
        (platform for _, platform, _ in groups),
    )
    if state.is_empty:
        state.timer_at = None
