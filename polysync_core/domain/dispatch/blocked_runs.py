"""Defers, rejects or times out queued runs that a contention limit blocks.

The effects of an exceeded limit depend only on the present state. So an edit of a profile applies
to waiting runs at once, and the order of messages does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.dispatch_round import DispatchRound
from polysync_core.domain.dispatch.limits import Limit, RunGroup, StartRateLimit, next_window
from polysync_core.domain.dispatch.reasons import (
    queue_full_reason,
    rejection_reason,
    timeout_reason,
)
from polysync_core.domain.dispatch.state import WaitingEntry
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFailure:
    """A waiting run that must end: it is rejected, or it has waited too long."""

    run_id: RunId
    attempt: int
    cause: FailureCause
    reason: str


@dataclass(slots=True)
class ExceedEffects:
    """The effects of exceeded limits on the runs that they block."""

    rejecting: Limit | None = None
    timeout: int | None = None
    timeout_limit: Limit | None = None
    """The limit with the shortest queue time-out."""
    queue_limits: list[Limit] = field(default_factory=list[Limit])
    """The limits with a maximum queue size."""
    deferring: list[Limit] = field(default_factory=list[Limit])

    @property
    def depends_on_run(self) -> bool:
        """Return whether the effects go beyond waiting and the time-out."""
        return self.rejecting is not None or bool(self.queue_limits) or bool(self.deferring)


class BlockedRuns:
    """Applies the exceed effects to the runs that a dispatch round has skipped."""

    def __init__(self, dispatch_round: DispatchRound) -> None:
        self._round = dispatch_round
        self._now = dispatch_round.now
        self._effects: dict[int, ExceedEffects] = {}
        self._queues: dict[Limit, list[WaitingEntry]] = {}
        self.failures: list[QueueFailure] = []
        self.next_check_at: int | None = None

    def process(self) -> None:
        """Apply the effects to every waiting run; failed runs leave the queue."""
        deferred: list[WaitingEntry] = []
        now, known = self._now, self._effects
        for entry in self._round.state.waiting.values():
            if entry.not_before > now:
                self._check_again(entry.not_before)
                continue
            group = self._round.group_of(entry)
            if group.missing or group.is_held:
                continue
            effects = known.get(id(group)) or self._effects_on(group)
            if entry.deferred_until > now or effects.depends_on_run:
                deferred += self._apply(entry, group, effects)
            elif effects.timeout is not None:
                self._fail_if_due(entry, group, effects)
        self._round.state.update_waiting(deferred)
        for limit, queue in self._queues.items():
            self._enforce_queue_size(limit, queue)
        for failure in self.failures:
            self._round.state.waiting.pop(failure.run_id, None)

    def _effects_on(self, group: RunGroup) -> ExceedEffects:
        """Return the effects on the runs of a group that are not deferred."""
        exceeded = group.exceeded_limits()
        effects = self._effects[id(group)] = _effects_of(exceeded)
        for limit in exceeded:
            if isinstance(limit, StartRateLimit):
                self._check_again(limit.next_at)
        return effects

    def _apply(
        self, entry: WaitingEntry, group: RunGroup, effects: ExceedEffects
    ) -> list[WaitingEntry]:
        """Apply the effects to a run; return its new entry if the run is deferred now."""
        deferring = self._round.deferring_limit(entry, group)
        if deferring is not None:
            effects = _effects_of(self._round.limits_blocking(entry, group))
        if self._fail_if_due(entry, group, effects):
            return []
        for limit in effects.queue_limits:
            self._queues.setdefault(limit, []).append(entry)
        if deferring is not None:
            self._check_again(entry.deferred_until)
        elif effects.deferring:
            choices = [_deferred(entry, limit, self._now) for limit in effects.deferring]
            latest = max(choices, key=lambda each: each.deferred_until)
            self._check_again(latest.deferred_until)
            return [latest]
        return []

    def _fail_if_due(self, entry: WaitingEntry, group: RunGroup, effects: ExceedEffects) -> bool:
        """Fail a run that is rejected or has timed out; return whether it failed."""
        if effects.rejecting is not None:
            reason = rejection_reason(effects.rejecting)
            self._fail(entry, FailureCause.CONTENTION_REJECTED, reason)
            return True
        if effects.timeout_limit is not None and effects.timeout is not None:
            until = max(entry.waiting_since, group.released_at) + effects.timeout
            if until <= self._now:
                reason = timeout_reason(effects.timeout_limit)
                self._fail(entry, FailureCause.QUEUE_TIMEOUT, reason)
                return True
            self._check_again(until)
        return False

    def _enforce_queue_size(self, limit: Limit, queue: list[WaitingEntry]) -> None:
        """Fail the newest runs of a queue that is longer than its maximum size."""
        size = 0 if limit.profile is None else limit.profile.queue_size or 0
        failed = {failure.run_id for failure in self.failures}
        queue = sorted(
            (each for each in queue if each.run_id not in failed),
            key=lambda each: (each.waiting_since, each.run_id),
        )
        for each in queue[size:]:
            self._fail(each, FailureCause.CONTENTION_REJECTED, queue_full_reason(limit))

    def _fail(self, entry: WaitingEntry, cause: FailureCause, reason: str) -> None:
        self.failures.append(
            QueueFailure(run_id=entry.run_id, attempt=entry.attempt, cause=cause, reason=reason)
        )

    def _check_again(self, at: int) -> None:
        if self.next_check_at is None or at < self.next_check_at:
            self.next_check_at = max(at, self._now + 1)


def _deferred(entry: WaitingEntry, limit: Limit, now: int) -> WaitingEntry:
    """Return the entry of a run deferred to the next window of a limit."""
    name = "" if limit.profile is None else limit.profile.name
    return entry._replace(deferred_until=next_window(limit, now), deferred_by=name)


def _effects_of(exceeded: list[Limit]) -> ExceedEffects:
    effects = ExceedEffects()
    for limit in exceeded:
        profile = limit.profile
        if profile is None:
            continue
        match profile.exceed_action:
            case ExceedAction.REJECT:
                effects.rejecting = effects.rejecting or limit
            case ExceedAction.DEFER_TO_NEXT_WINDOW:
                effects.deferring.append(limit)
            case ExceedAction.QUEUE:
                pass
        if profile.queue_size is not None:
            effects.queue_limits.append(limit)
        timeout = profile.queue_timeout
        if timeout is not None and (effects.timeout is None or timeout < effects.timeout):
            effects.timeout, effects.timeout_limit = timeout, limit
    return effects
