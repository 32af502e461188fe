"""The operations on a Dispatcher; each is safe to repeat and to come late.

Every operation ends with the same questions: what may start now, what must not wait any longer, and
when to ask again? A run that its limits hold back is passed over, so one full limit never blocks
the others. A run takes everything that it needs of all its limits at once, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.dispatch.blocked_runs import BlockedRuns, Failure
from polysync_core.domain.dispatch.dispatch_round import DispatchRound
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import (
    DispatcherState,
    Lease,
    Waiting,
    millis,
    moment,
    ticket,
)
from polysync_core.domain.runs.identity import RunId


@dataclass(slots=True, kw_only=True)
class Decision:
    """What is to be done, together with keeping the state."""

    starts: list[Lease] = field(default_factory=list[Lease])
    """The attempts to start, in order; each holds its lease already."""
    failures: list[Failure] = field(default_factory=list[Failure])
    """The runs to end; none of them waits any longer."""
    wake_at: datetime | None = None
    """When to send the Dispatcher the time, unless such a signal is under way already."""


def enqueue(
    state: DispatcherState, waiting: Waiting, *, policies: PolicySet | None = None, now: datetime
) -> Decision:
    """Let a run wait; one that waits or runs already with this or a later attempt is left alone."""
    state.policies.merge(policies or PolicySet())
    known = state.waiting.get(waiting.run_id) or state.leases.get(waiting.run_id)
    if known is None or known.attempt < waiting.attempt:
        state.leases.pop(waiting.run_id, None)
        state.admit(ticket(waiting))
    return decide(state, now=now)


def release(state: DispatcherState, run_id: RunId, attempt: int, *, now: datetime) -> Decision:
    """Give back the lease of an attempt that has ended, and forget it if it still waits."""
    for held in (state.leases, state.waiting):
        known = held.get(run_id)
        if known is not None and known.attempt <= attempt:
            del held[run_id]
    return decide(state, now=now)


def adopt(state: DispatcherState, lease: Lease, *, now: datetime) -> Decision:
    """Record that an attempt is running already; it takes its place even above a limit."""
    known = state.leases.get(lease.run_id)
    if known is None or known.attempt < lease.attempt:
        state.waiting.pop(lease.run_id, None)
        state.leases[lease.run_id] = lease
    return decide(state, now=now)


def renew(state: DispatcherState, policies: PolicySet, *, now: datetime) -> Decision:
    """Take over policies that are newer, for what waits already too."""
    state.policies.merge(policies)
    return decide(state, now=now)


def ring(state: DispatcherState, at: datetime | None, *, now: datetime) -> Decision:
    """Hear the alarm that was set for a time; one that comes early is set again."""
    if at is not None and state.alarm == millis(at):
        state.alarm = None
    return decide(state, now=now)


def decide(state: DispatcherState, *, now: datetime) -> Decision:
    """Start what may start, end what must not wait any longer, and set the alarm."""
    decision, instant = Decision(), millis(now)
    while True:
        survey = DispatchRound(state, instant)
        decision.starts += survey.start_what_may()
        verdicts = BlockedRuns(survey)
        verdicts.reach()
        decision.failures += verdicts.failures
        # Slots that were kept for a run that is no longer there are free for others.
        if not (verdicts.failures and survey.keeps_slots):
            break
    decision.wake_at = _set_alarm(state, verdicts.ask_again_at, instant)
    _forget_idle(state, survey)
    return decision


def _set_alarm(state: DispatcherState, wanted: int | None, now: int) -> datetime | None:
    """Return when to ring, where no earlier signal is under way."""
    if state.alarm is not None and state.alarm <= now:
        state.alarm = None
    if wanted is None or (state.alarm is not None and state.alarm <= wanted):
        return None
    state.alarm = wanted
    return moment(wanted)


def _forget_idle(state: DispatcherState, survey: DispatchRound) -> None:
    """Drop what nothing is subject to any more: the state returns to empty."""
    for log in state.logs.values():
        log.forget(survey.now)
    state.logs = {key: log for key, log in state.logs.items() if not log.is_blank}
    groups = list(survey.groups)
    state.policies.retain(
        (task for task, _, _ in groups),
        (platform for _, platform, _ in groups),
    )
    if state.is_empty:
        state.alarm = None
