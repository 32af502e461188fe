"""What becomes of the runs that wait although everything that may start has started.

What a profile does to those that it holds back follows from the present state alone. So an edit of
a profile applies to what waits already, and it does not matter in which order messages came.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.dispatch_round import DispatchRound, deferred
from polysync_core.domain.dispatch.limits import Group, Limit, StartRateLimit
from polysync_core.domain.dispatch.reasons import queue_full, rejected, timed_out
from polysync_core.domain.dispatch.state import WaitingEntry
from polysync_core.domain.runs.identity import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A run that must not wait any longer."""

    run_id: RunId
    attempt: int
    cause: FailureCause
    reason: str


@dataclass(slots=True)
class ExceedEffects:
    """What the limits that hold back a group's runs do to them."""

    rejecting: Limit | None = None
    timeout: int | None = None
    timing: Limit | None = None
    """The limit with the shortest time-out."""
    sized: list[Limit] = field(default_factory=list[Limit])
    deferring: list[Limit] = field(default_factory=list[Limit])

    @property
    def is_one_by_one(self) -> bool:
        """Whether more can befall a run than to wait, and perhaps to wait too long."""
        return self.rejecting is not None or bool(self.sized) or bool(self.deferring)


class BlockedRuns:
    """Judges what a survey has passed over."""

    def __init__(self, survey: DispatchRound) -> None:
        self._survey = survey
        self._now = survey.now
        self._treatments: dict[int, ExceedEffects] = {}
        self._queues: dict[Limit, list[WaitingEntry]] = {}
        self.failures: list[Failure] = []
        self.ask_again_at: int | None = None

    def reach(self) -> None:
        """Judge every run that waits; those that fail wait no longer."""
        changed: list[WaitingEntry] = []
        now, known = self._now, self._treatments
        for waiting in self._survey.state.waiting.values():
            if waiting.not_before > now:
                self._ask_again(waiting.not_before)
                continue
            group = self._survey.group(waiting)
            if group.missing:
                continue
            treatment = known.get(id(group)) or self._treatment(group)
            if waiting.deferred_until > now or treatment.is_one_by_one:
                changed += self._judge(waiting, group, treatment)
            elif treatment.timeout is not None:
                self._fails(waiting, treatment)
        self._survey.state.replace(changed)
        for limit, queue in self._queues.items():
            self._shorten(limit, queue)
        for failure in self.failures:
            self._survey.state.waiting.pop(failure.run_id, None)

    def _treatment(self, group: Group) -> ExceedEffects:
        """Return what is done to the runs of a group that are not deferred."""
        full = group.full()
        treatment = self._treatments[id(group)] = _treatment_by(full)
        for limit in full:
            if isinstance(limit, StartRateLimit):
                self._ask_again(limit.next_at)
        return treatment

    def _judge(
        self, waiting: WaitingEntry, group: Group, treatment: ExceedEffects
    ) -> list[WaitingEntry]:
        """Judge a run; return it if it has changed."""
        deferring = self._survey.deferral(waiting, group)
        if deferring is not None:
            treatment = _treatment_by(self._survey.holding(waiting, group))
        if self._fails(waiting, treatment):
            return []
        for limit in treatment.sized:
            self._queues.setdefault(limit, []).append(waiting)
        if deferring is not None:
            self._ask_again(waiting.deferred_until)
        elif treatment.deferring:
            choices = [deferred(waiting, limit, self._now) for limit in treatment.deferring]
            latest = max(choices, key=lambda each: each.deferred_until)
            self._ask_again(latest.deferred_until)
            return [latest]
        return []

    def _fails(self, waiting: WaitingEntry, treatment: ExceedEffects) -> bool:
        if treatment.rejecting is not None:
            reason = rejected(treatment.rejecting)
            self._fail(waiting, FailureCause.CONTENTION_REJECTED, reason)
            return True
        if treatment.timing is not None and treatment.timeout is not None:
            until = waiting.since + treatment.timeout
            if until <= self._now:
                self._fail(waiting, FailureCause.QUEUE_TIMEOUT, timed_out(treatment.timing))
                return True
            self._ask_again(until)
        return False

    def _shorten(self, limit: Limit, queue: list[WaitingEntry]) -> None:
        """End those that came last where more wait than may."""
        size = 0 if limit.profile is None else limit.profile.queue_size or 0
        ended = {failure.run_id for failure in self.failures}
        queue = sorted(
            (each for each in queue if each.run_id not in ended),
            key=lambda each: (each.since, each.run_id),
        )
        for each in queue[size:]:
            self._fail(each, FailureCause.CONTENTION_REJECTED, queue_full(limit))

    def _fail(self, waiting: WaitingEntry, cause: FailureCause, reason: str) -> None:
        self.failures.append(
            Failure(run_id=waiting.run_id, attempt=waiting.attempt, cause=cause, reason=reason)
        )

    def _ask_again(self, at: int) -> None:
        if self.ask_again_at is None or at < self.ask_again_at:
            self.ask_again_at = max(at, self._now + 1)


def _treatment_by(holding: list[Limit]) -> ExceedEffects:
    treatment = ExceedEffects()
    for limit in holding:
        profile = limit.profile
        if profile is None:
            continue
        match profile.action:
            case ExceedAction.REJECT:
                treatment.rejecting = treatment.rejecting or limit
            case ExceedAction.DEFER_TO_NEXT_WINDOW:
                treatment.deferring.append(limit)
            case ExceedAction.QUEUE:
                pass
        if profile.queue_size is not None:
            treatment.sized.append(limit)
        timeout = profile.queue_timeout
        if timeout is not None and (treatment.timeout is None or timeout < treatment.timeout):
            treatment.timeout, treatment.timing = timeout, limit
    return treatment
